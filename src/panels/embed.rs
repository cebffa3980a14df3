//! The snippets that embed the calculator, for each kind of site.
//!
//! `web/js/builder.js` has the same snippets with more options.

use super::widgets;
use crate::protocol::PanelRequest;
use maud::{Markup, html};

/// The height of a frame before its script has run, in pixels.
const HEIGHT: u32 = 320;

/// A kind of site that a snippet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Element,
    React,
    Mdx,
    Sphinx,
    MkDocs,
    MdBook,
    Docusaurus,
}

impl Kind {
    const ALL: [Kind; 8] =
        [Kind::Html, Kind::Element, Kind::React, Kind::Mdx, Kind::Sphinx, Kind::MkDocs, Kind::MdBook, Kind::Docusaurus];

    fn key(self) -> &'static str {
        match self {
            Kind::Html => "html",
            Kind::Element => "element",
            Kind::React => "react",
            Kind::Mdx => "mdx",
            Kind::Sphinx => "sphinx",
            Kind::MkDocs => "mkdocs",
            Kind::MdBook => "mdbook",
            Kind::Docusaurus => "docusaurus",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Kind::Html => "HTML (iframe)",
            Kind::Element => "Web component",
            Kind::React => "React",
            Kind::Mdx => "MDX",
            Kind::Sphinx => "Sphinx",
            Kind::MkDocs => "MkDocs",
            Kind::MdBook => "mdBook",
            Kind::Docusaurus => "Docusaurus",
        }
    }

    /// The text of the page.
    fn page(self, address: &Address, title: &str) -> String {
        let (title, configuration) = (escaped(title), escaped(address.fragment));
        let hash = if address.fragment.is_empty() { "" } else { "#" };
        let source = format!("{}index.html?embed=1{hash}{configuration}", escaped(address.site));
        let rest = format!(r#"src="{source}" title="{title}" loading="lazy" allow="clipboard-write""#);
        let html = || {
            let style = format!("width: 100%; min-height: {HEIGHT}px; border: 0");
            format!(r#"<iframe class="trtllm-memory" {rest} style="{style}"></iframe>"#)
        };
        let jsx = || {
            let style = format!(r#"{{{{ width: "100%", minHeight: {HEIGHT}, border: 0 }}}}"#);
            format!(r#"<iframe className="trtllm-memory" {rest} style={style}></iframe>"#)
        };
        match self {
            Kind::Html | Kind::MkDocs | Kind::MdBook => html(),
            Kind::Element => {
                let link = format!(r#"<a href="{}index.html{hash}{configuration}">{title}</a>"#, escaped(address.site));
                let attributes = format!(r#"configuration="{configuration}" title="{title}""#);
                format!("<trtllm-memory-calculator {attributes}>{link}</trtllm-memory-calculator>")
            }
            Kind::Sphinx => format!(".. raw:: html\n\n   {}\n", html()),
            Kind::Mdx | Kind::Docusaurus => jsx(),
            Kind::React => format!("export function GpuMemory() {{\n  return (\n    {}\n  );\n}}\n", jsx()),
        }
    }

    /// The file that loads the script, and the text in it.
    fn once(self, address: &Address) -> (&'static str, String) {
        let script = format!("{}embed.js", address.site);
        let element = || format!(r#"<script src="{}" defer></script>"#, escaped(&script));
        let quoted = serde_json::Value::from(script.as_str()).to_string();
        match self {
            Kind::Html | Kind::Element => ("Once in the page, anywhere", element()),
            Kind::React => ("Once in index.html, or in the root layout", element()),
            Kind::Mdx => ("Once in the layout of the site", element()),
            Kind::Sphinx => ("Once in conf.py", format!("html_js_files = [{quoted}]")),
            Kind::MkDocs => ("Once in mkdocs.yml", format!("extra_javascript:\n  - {quoted}")),
            Kind::MdBook => ("Once in theme/head.hbs", element()),
            Kind::Docusaurus => {
                ("Once in docusaurus.config.js", format!("scripts: [{{ src: {quoted}, defer: true }}],"))
            }
        }
    }
}

/// The address of the calculator: its site, and the fragment of a link.
struct Address<'a> {
    site: &'a str,
    fragment: &'a str,
}

/// Escapes a text for an attribute in HTML and in JSX.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '{' => safe.push_str("&#123;"),
            '}' => safe.push_str("&#125;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Returns the snippet of the chosen kind, and the kinds. `title` names the deployment; it does not
/// say whether it fits, because a later version may know better.
pub(super) fn section(request: &PanelRequest, page: &str, fragment: &str, title: &str) -> Markup {
    let without_query = page.split(['?', '#']).next().unwrap_or_default();
    let site = without_query.rfind('/').map_or("", |end| &without_query[..=end]);
    let address = Address { site, fragment };
    let option = request.option("embed");
    let kind = Kind::ALL.into_iter().find(|kind| option == Some(kind.key())).unwrap_or(Kind::Html);
    let (place, script) = kind.once(&address);
    html! {
        section.embed aria-label="Embed" {
            p.saves {
                label for="share_embed" { "Embed in" }
                select.control #share_embed name="embed" {
                    @for one in Kind::ALL { option value=(one.key()) selected[one == kind] { (one.label()) } }
                }
                button.link type="button" data-copy="share_snippet" aria-label="copy the snippet" { "copy" }
            }
            pre #share_snippet { (widgets::verbatim(&kind.page(&address, title))) }
            p.saves {
                span { (place) }
                button.link type="button" data-copy="share_script" aria-label="copy the script" { "copy" }
            }
            pre #share_script { (widgets::verbatim(&script)) }
            p.note {
                "The script fits the frame's height and follows your page's theme. "
                a href={ "embed.html#" (fragment) } target="_blank" rel="noopener" { "More options, with a preview" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::answer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn shown(kind: &str, link: &str) -> String {
        let mut request = form_urlencoded::Serializer::new(String::from("panel=share"));
        request.append_pair("link", link).append_pair("page", "https://example.org/memory/index.html?units=GB");
        let html = answer(&request.append_pair("embed", kind).finish());
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
        entities.into_iter().fold(html, |html, (entity, sign)| html.replace(entity, sign))
    }

    #[test]
    fn the_frame_has_the_configuration_and_a_title_that_stays_true() {
        let html = shown("", "tp_size=2");
        let expected = "<iframe class=\"trtllm-memory\" src=\"https://example.org/memory/index.html?embed=1#v=2&amp;\
                        tp_size=2\" title=\"GPU memory of Llama-3.1-8B · bfloat16 · 2 × H100 SXM 80 GB\" \
                        loading=\"lazy\" allow=\"clipboard-write\" style=\"width: 100%; min-height: 320px; border: 0\">\
                        </iframe>";
        assert!(html.contains(expected), "{html}");
        assert!(html.contains("<script src=\"https://example.org/memory/embed.js\" defer></script>"));
    }

    #[test]
    fn each_kind_has_its_own_syntax() {
        for (kind, page, once) in [
            ("element", "<trtllm-memory-calculator configuration=\"v=2&amp;tp_size=2\"", "anywhere"),
            ("react", "export function GpuMemory() {\n  return (\n    <iframe className=", "index.html"),
            ("mdx", "style={{ width: \"100%\", minHeight: 320, border: 0 }}", "layout"),
            ("sphinx", ".. raw:: html\n\n   <iframe class=", "html_js_files = [\"https://"),
            ("mkdocs", "<iframe class=", "extra_javascript:\n  - \"https://"),
            ("mdbook", "<iframe class=", "theme/head.hbs"),
            ("docusaurus", "<iframe className=", "scripts: [{ src: \"https://"),
        ] {
            let html = shown(kind, "tp_size=2");
            assert!(html.contains(page) && html.contains(once), "{kind}: {html}");
        }
    }

    #[test]
    fn no_character_of_a_name_ends_an_attribute_or_an_expression() {
        let address = Address { site: "https://example.org/", fragment: "v=1" };
        for kind in Kind::ALL {
            let text = kind.page(&address, "a\"b<c>&'{d}");
            assert!(text.contains("title=\"a&quot;b&lt;c&gt;&amp;&#39;&#123;d&#125;\""), "{text}");
        }
    }

    #[test]
    fn the_generator_has_the_same_kinds_and_places() {
        let builder = include_str!("../../web/js/builder.js");
        let address = Address { site: "", fragment: "" };
        for kind in Kind::ALL {
            let (place, _) = kind.once(&address);
            assert!(builder.contains(&format!("where: \"{place}\"")), "{place}");
            assert!(kind == Kind::Element || builder.contains(&format!("id: \"{}\"", kind.key())), "{kind:?}");
        }
    }
}
