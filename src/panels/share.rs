//! Other forms of the page's link: Markdown for texts, snippets for sites, a QR code for phones.

use super::{embed, widgets};
use crate::export::summary;
use crate::link;
use crate::memory::estimate;
use crate::protocol::PanelRequest;
use maud::{Markup, PreEscaped, html};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// The side of the largest code in modules (version 25, 1,273 bytes). At the size that the page has
/// room for, phones do not read larger codes.
const LARGEST: usize = 117;
/// The empty modules around a code (ISO/IEC 18004).
const QUIET: usize = 4;
/// The beginnings of addresses that only this computer can open.
const OWN_HOSTS: [&str; 4] = ["file:", "http://localhost", "http://127.", "http://[::1]"];

/// Returns the link of the deployment on `page`, with the deployment that is pinned in `compared`.
pub(super) fn panel(request: &PanelRequest) -> Markup {
    let deployment = &request.deployment;
    let Some((resolved, report)) = deployment.resolve().ok().zip(estimate(deployment).ok()) else {
        return html! {};
    };
    let fragment = match request.option("compared").and_then(link::pinned) {
        Some(pinned) => link::encode_compared(deployment, &pinned.deployment),
        None => link::encode(deployment),
    };
    let page = request.option("page").unwrap_or_default();
    let address = if fragment.is_empty() { page.to_string() } else { format!("{page}#{fragment}") };
    let markdown = summary::markdown(&resolved, &report, &address, request.view.units);
    html! {
        p.saves {
            span { "Markdown" }
            button.link type="button" data-copy="share_markdown" aria-label="copy Markdown" { "copy" }
        }
        pre #share_markdown { (widgets::verbatim(&markdown)) }
        (embed::section(request, page, &fragment, &format!("GPU memory of {}", summary::subject(&resolved))))
        (qr_code(&address))
    }
}

/// The QR code of a link, with buttons that save it.
fn qr_code(link: &str) -> Markup {
    let code = QrCode::with_error_correction_level(link, EcLevel::L).ok();
    let Some(code) = code.filter(|code| code.width() <= LARGEST) else {
        return html! {
            p.saves { span { "QR code" } }
            p.note { "This link has " (link.len()) " bytes, too many for a code that a phone reads from the screen." }
        };
    };
    let save = |name: &str, label: &str| {
        html! {
            button.link type="button" data-save=(name) data-from="share_code" aria-label={ (label) " of the QR code" } {
                (label)
            }
        }
    };
    html! {
        p.saves { span { "QR code" } (save("memory-link.svg", "save SVG")) (save("memory-link.png", "save PNG")) }
        div #share_code { (PreEscaped(drawn(&code))) }
        @if OWN_HOSTS.iter().any(|host| link.starts_with(host)) {
            p.note { "This link points to localhost; other devices can't open it." }
        }
    }
}

/// A QR code as SVG, always dark on light: not every phone reads the inverse.
fn drawn(code: &QrCode) -> String {
    let (width, modules) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (y, row) in modules.chunks(width.max(1)).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                let _ = write!(path, "M{} {}h{}v1H{}z", x + QUIET, y + QUIET, run.len(), x + QUIET);
            }
            x += run.len();
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{0}\" height=\"{0}\" \
         role=\"img\" aria-label=\"QR code of the link\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>",
        side * 8
    )
}

#[cfg(test)]
mod tests {

    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const PAGE: &str = "https://example.org/memory/";

    fn asked(link: &str, compared: &str) -> String {
        let mut request = form_urlencoded::Serializer::new(String::from("panel=share"));
        request.append_pair("link", link).append_pair("page", PAGE).append_pair("compared", compared);
        answer(&request.finish())
    }

    #[test]
    fn the_link_is_the_shortest_of_the_page_and_holds_what_is_compared() {
        assert!(asked("", "").contains(&format!("]({PAGE})</pre>")));
        assert!(asked("gpu=h100&tp_size=2", "").contains(&format!("]({PAGE}#v=2&amp;tp_size=2)</pre>")));
        let compared = "v=2&compare=v%3D2%26tp_size%3D4";
        assert!(
            asked("tp_size=2", compared)
                .contains(&format!("]({PAGE}#v=2&amp;tp_size=2&amp;compare=v%3D2%26tp_size%3D4)"))
        );
    }

    #[test]
    fn a_link_that_is_too_long_for_a_code_says_so() {
        let windows: Vec<String> = (1..400).map(|window| (window * 1000).to_string()).collect();
        let html = asked(&format!("max_attention_window={}", windows.join(",")), "");
        assert!(html.contains(" bytes, too many for a code"), "{html}");
        assert!(!html.contains("<svg") && html.contains("share_markdown"));
    }

    #[test]
    fn a_page_on_this_computer_is_told_from_one_that_a_phone_can_open() {
        for (page, own) in
            [("http://127.0.0.1:8080/", true), ("http://localhost/", true), ("https://example.org/", false)]
        {
            let html = answer(&format!("panel=share&page={page}"));
            assert_eq!(html.contains("points to localhost"), own, "{page}");
        }
    }
}
