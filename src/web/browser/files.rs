//! Files that a person gives to the page, and files that it gives back.

use crate::import::together;
use js_sys::{Array, Promise};
use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, CanvasRenderingContext2d, DataTransferItemList, DragEvent, Event, File, FileSystemDirectoryEntry,
    FileSystemEntry, FileSystemFileEntry, HtmlAnchorElement, HtmlCanvasElement, HtmlElement, HtmlImageElement,
    HtmlInputElement,
};

/// Pixels of a saved picture for each of the page's.
const SHARPNESS: u32 = 2;

/// The files that were chosen in a control, if it is one for files: of a folder those that describe
/// a model.
pub(in crate::web) fn chosen(event: &Event) -> Vec<File> {
    let control = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some((files, is_folder)) = control.and_then(|control| Some((control.files()?, control.webkitdirectory())))
    else {
        return Vec::new();
    };
    let files = (0..files.length()).filter_map(|at| files.item(at));
    files.filter(|file| !is_folder || together::is_wanted(&file.name()) && is_at_top(file)).collect()
}

/// Whether a file of a chosen folder is in the folder itself, and not in one within it.
fn is_at_top(file: &File) -> bool {
    let path = js_sys::Reflect::get(file, &JsValue::from_str("webkitRelativePath")).ok();
    path.and_then(|path| path.as_string()).is_none_or(|path| path.matches('/').count() <= 1)
}

/// A file or a folder that was dropped.
pub(in crate::web) enum Dropped {
    File(File),
    Folder(FileSystemDirectoryEntry),
}

/// What was dropped. The browser shows it only while the event is handled.
pub(in crate::web) fn dropped(event: &DragEvent) -> Vec<Dropped> {
    let items = event.data_transfer().map(|transfer| transfer.items());
    let item = |items: &DataTransferItemList, at| {
        let item = items.get(at)?;
        let entry = item.webkit_get_as_entry().ok().flatten();
        match entry.and_then(|entry| entry.dyn_into::<FileSystemDirectoryEntry>().ok()) {
            Some(folder) => Some(Dropped::Folder(folder)),
            None => item.get_as_file().ok().flatten().map(Dropped::File),
        }
    };
    items.map_or_else(Vec::new, |items| (0..items.length()).filter_map(|at| item(&items, at)).collect())
}

/// The files of what was dropped: of a folder those that describe a model.
pub(in crate::web) async fn files_of(dropped: Vec<Dropped>) -> Vec<File> {
    let mut files = Vec::new();
    for dropped in dropped {
        match dropped {
            Dropped::File(file) => files.push(file),
            Dropped::Folder(folder) => {
                for entry in entries_of(&folder).await.into_iter().filter(|entry| together::is_wanted(&entry.name())) {
                    files.extend(file_of(&entry).await);
                }
            }
        }
    }
    files
}

/// The entries of a folder, without those of folders in it. The browser lists them in parts, the
/// last of which is empty.
async fn entries_of(folder: &FileSystemDirectoryEntry) -> Vec<FileSystemEntry> {
    let reader = folder.create_reader();
    let mut entries = Vec::new();
    loop {
        let part = Promise::new(&mut |resolve, reject| {
            let _ = reader.read_entries_with_callback_and_callback(&resolve, &reject);
        });
        let part = JsFuture::from(part).await.map(|part| Array::from(&part)).unwrap_or_default();
        if part.length() == 0 {
            return entries;
        }
        entries.extend(part.iter().filter_map(|entry| entry.dyn_into::<FileSystemEntry>().ok()));
    }
}

/// The file of an entry; `None` for a folder, and for a file that can't be opened.
async fn file_of(entry: &FileSystemEntry) -> Option<File> {
    let entry = entry.dyn_ref::<FileSystemFileEntry>()?;
    let file = Promise::new(&mut |resolve, reject| entry.file_with_callback_and_callback(&resolve, &reject));
    JsFuture::from(file).await.ok()?.dyn_into::<File>().ok()
}

/// The text of a control as something that can be read like a file.
pub(in crate::web) fn of_text(event: &Event) -> Option<Blob> {
    let text = js_sys::Reflect::get(&event.target()?.into(), &JsValue::from_str("value")).ok()?;
    Blob::new_with_str_sequence(&Array::of1(&text)).ok()
}

/// Saves the text of an element as a file, or its picture if the name ends in `.png` or `.svg`.
pub(in crate::web) fn save(name: &str, from: &HtmlElement) {
    let picture = from.query_selector("svg").ok().flatten().map(|picture| picture.outer_html());
    match (picture, name.rsplit('.').next()) {
        (Some(svg), Some("png")) => save_painted(name, &svg),
        (Some(svg), Some("svg")) => save_data(name, &data_url("image/svg+xml", &svg)),
        _ => save_data(name, &data_url("text/plain;charset=utf-8", &from.text_content().unwrap_or_default())),
    }
}

fn data_url(kind: &str, text: &str) -> String {
    format!("data:{kind},{}", String::from(js_sys::encode_uri_component(text)))
}

fn save_data(name: &str, url: &str) {
    let link = document().create_element("a").ok().and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(link) = link {
        link.set_href(url);
        link.set_download(name);
        link.click();
    }
}

fn save_painted(name: &str, svg: &str) {
    let Ok(image) = HtmlImageElement::new() else {
        return;
    };
    let name = name.to_string();
    // The listener must not hold the image: the browser would not see such a cycle, and keep both.
    let on_load = Closure::once_into_js(move |event: Event| {
        let loaded = event.target().and_then(|target| target.dyn_into::<HtmlImageElement>().ok());
        if let Some(url) = loaded.and_then(|image| painted(&image)) {
            save_data(&name, &url);
        }
    });
    image.set_onload(Some(on_load.unchecked_ref()));
    image.set_src(&data_url("image/svg+xml", svg));
}

fn painted(image: &HtmlImageElement) -> Option<String> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    let (width, height) = (image.width() * SHARPNESS, image.height() * SHARPNESS);
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, width.into(), height.into()).ok()?;
    canvas.to_data_url().ok()
}
