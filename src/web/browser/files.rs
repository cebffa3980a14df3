//! Files that a person gives to the page, and files that it gives back.

use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use web_sys::{
    Blob, CanvasRenderingContext2d, DragEvent, Event, File, HtmlAnchorElement, HtmlCanvasElement, HtmlElement,
};
use web_sys::{HtmlImageElement, HtmlInputElement};

/// Pixels of a saved picture for each of the page's.
const SHARPNESS: u32 = 2;

/// The file that was chosen in a control, if it is one for files.
pub(in crate::web) fn chosen(event: &Event) -> Option<File> {
    event.target()?.dyn_into::<HtmlInputElement>().ok()?.files()?.item(0)
}

/// The first file that was dropped.
pub(in crate::web) fn dropped(event: &Event) -> Option<File> {
    event.dyn_ref::<DragEvent>()?.data_transfer()?.files()?.item(0)
}

/// The text of a control as something that can be read like a file.
pub(in crate::web) fn of_text(event: &Event) -> Option<Blob> {
    let text = js_sys::Reflect::get(&event.target()?.into(), &JsValue::from_str("value")).ok()?;
    Blob::new_with_str_sequence(&js_sys::Array::of1(&text)).ok()
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
