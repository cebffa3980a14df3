//! Files that a person gives to the page, and files that it gives back.

use super::dom::listen;
use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, DragEvent, Event, File, HtmlAnchorElement, HtmlCanvasElement, HtmlElement};
use web_sys::{HtmlImageElement, HtmlInputElement};

/// Of a larger file only the end is read: a log's last lines say how it ended.
const LARGEST: f64 = 33_554_432.0;
/// Pixels of a saved picture for each of the page's.
const SHARPNESS: u32 = 2;

/// The file that was chosen in a control, if it is one for files.
pub fn chosen(event: &Event) -> Option<File> {
    event.target()?.dyn_into::<HtmlInputElement>().ok()?.files()?.item(0)
}

/// The first file that was dropped.
pub fn dropped(event: &Event) -> Option<File> {
    event.dyn_ref::<DragEvent>()?.data_transfer()?.files()?.item(0)
}

/// Reads a file as text; what is no text in it becomes replacement characters.
pub fn text(file: &File, take: impl Fn(String) + 'static) {
    let start = (file.size() - LARGEST).max(0.0);
    let Ok(part) = file.slice_with_f64_and_f64(start, file.size()) else {
        return;
    };
    let read = Closure::once_into_js(move |text: JsValue| take(text.as_string().unwrap_or_default()));
    then(&part.text(), &read);
}

fn then(promise: &JsValue, call: &JsValue) {
    let then = js_sys::Reflect::get(promise, &JsValue::from_str("then"));
    if let Some(then) = then.ok().and_then(|then| then.dyn_into::<js_sys::Function>().ok()) {
        let _ = then.call1(promise, call);
    }
}

/// Saves the text of an element as a file, or the picture in it where the name ends in `.png` or `.svg`.
pub fn save(name: &str, from: &HtmlElement) {
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
    let (loaded, name) = (image.clone(), name.to_string());
    listen(&image, "load", move |_| {
        if let Some(url) = painted(&loaded) {
            save_data(&name, &url);
        }
    });
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
