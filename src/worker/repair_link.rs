//! Repair of an address that the page itself does not fully parse.

use crate::deployment::SETTINGS;
use crate::link;
use crate::protocol::PanelId;
use crate::text::{QUOTED, shortened};

/// Returns the repaired link, and below it a line for each warning. The link keeps the settings of
/// the other backend too.
pub(super) fn lines(text: &str) -> String {
    let decoded = link::decode(text);
    let default = decoded.deployment.defaults();
    let settings =
        SETTINGS.iter().map(|setting| (setting.key, setting.write(&decoded.deployment), setting.write(&default)));
    let changed = settings.filter(|(_, value, usual)| value != usual).map(|(key, value, _)| (key, value));
    let mut link = form_urlencoded::Serializer::new(String::new());
    link.extend_pairs(changed);
    let pinned = link::pinned(text);
    if let Some(pinned) = &pinned {
        link.append_pair("compare", &link::encode_compared(&pinned.deployment, &pinned.deployment));
    }
    let tab = link::tab(text);
    let known = tab.as_deref().and_then(PanelId::of_tab).and_then(PanelId::tab);
    let of_the_tab = tab.filter(|_| known.is_none()).map(|name| {
        let names: Vec<&str> = PanelId::tabs().collect();
        format!("\ntab={} must be one of {}.", shortened(&name, QUOTED), names.join(", "))
    });
    if let Some(name) = known {
        link.append_pair("tab", name);
    }
    let of_the_pinned =
        pinned.iter().flat_map(|pinned| &pinned.problems).map(|problem| format!("\ncompare: {problem}"));
    let warnings = decoded.problems.iter().map(|problem| format!("\n{problem}")).chain(of_the_pinned).chain(of_the_tab);
    link.finish() + &warnings.collect::<String>()
}

#[cfg(test)]
mod tests {
    use crate::deployment::{Backend, Deployment, Parallelism};
    use crate::link;
    use crate::worker::{Given, answer_text};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn asked(address: &str) -> (String, Vec<String>) {
        let text: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
        let answer = answer_text(&format!("ask=repair_link&text={text}"), &Given::default());
        let mut lines = answer.lines().map(String::from);
        (lines.next().unwrap_or_default(), lines.collect())
    }

    #[test]
    fn the_link_means_what_the_address_does_and_needs_no_mending() {
        let (mended, warnings) = asked("<https://example.org/#v=2&amp;tp_size=2&amp;compare=v%3D2%26pp_size%3D4>.");
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(
            link::decode(&mended).deployment,
            Deployment { parallel: Parallelism { tp_size: 2, ..Parallelism::default() }, ..Deployment::default() }
        );
        let pinned = link::pinned(&mended).unwrap();
        assert_eq!((pinned.deployment.parallel.pp_size, pinned.problems), (4, vec![]));
    }

    #[test]
    fn the_tab_is_kept_and_an_unknown_one_is_named() {
        let (mended, warnings) = asked("https://example.org/#v=2&amp;tp_size=2&amp;tab=sweep.");
        assert_eq!((link::tab(&mended).as_deref(), warnings), (Some("sweep"), vec![]));
        assert_eq!(link::decode(&mended).deployment.parallel.tp_size, 2);
        assert_eq!(asked("#v=2&tab=file"), ("tab=import".into(), vec![]));
        let (mended, warnings) = asked("#v=2&tp_size=2&tab=map");
        assert_eq!((link::tab(&mended), mended.as_str()), (None, "tp_size=2"));
        let names = "why, sweep, accuracy, limits, advice, search, compare, import, export";
        assert_eq!(warnings, [format!("tab=map must be one of {names}.")]);
    }

    #[test]
    fn what_is_not_understood_is_named_and_what_another_backend_has_is_kept() {
        let (mended, warnings) =
            asked("#backend=pytorch&gemm_plugin=false&tp_sise=2&gpu=abacus&compare=pp_size%3Dmany");
        let deployment = link::decode(&mended).deployment;
        assert_eq!((deployment.backend, deployment.engine.plugins.gemm_plugin), (Backend::Pytorch, false));
        assert_eq!(warnings.len(), 4);
        assert_eq!(warnings[3], "compare: pp_size=many must be a whole number from 1 to 1,024.");
        assert_eq!(warnings[0], "tp_sise is not a setting; did you mean tp_size?");
    }
}
