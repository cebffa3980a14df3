//! Properties of the links of all deployments, and of arbitrary texts that are read as links.
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use proptest::sample::Index;
use trtllm_memory::architecture::models;
use trtllm_memory::deployment::{Backend, Deployment, Input, SETTINGS, Setting};
use trtllm_memory::export::summary;
use trtllm_memory::gpu::gpus;
use trtllm_memory::link;
use trtllm_memory::memory::estimate;
use trtllm_memory::units::Units;
use trtllm_memory::worker::{Given, answer_text};

/// Values of settings that are neither numbers nor names; at least one setting accepts each value.
const TEXTS: [&str; 12] = [
    "4,3,4",
    "attn_qkv,mlp_gate",
    "1200000000/1100000000",
    "1024,4096",
    "512:!5/6",
    "3-",
    "1/2",
    "8/2/14336",
    "1536/512/128/64/128",
    "64/128:0-1",
    "16",
    "my own model.",
];

/// A valid value of the setting, or `None` if none was found.
fn text(setting: &Setting, at: Index, number: u64) -> Option<String> {
    let within = |min: u64, max: u64| (number >> (number % 64)).clamp(min, max).to_string();
    let default = Deployment::default();
    Some(match setting.input {
        Input::Model => models()[at.index(models().len())].name.clone(),
        Input::Gpu => gpus()[at.index(gpus().len())].id.to_string(),
        Input::Choice(names) => names[at.index(names.len())].to_string(),
        Input::Steps { max, .. } => within(1, max),
        Input::Whole { min, max, .. } => within(min, max),
        Input::Fraction => format!("0.{:04}", 1 + number % 9998),
        Input::Gib => format!("{}.{:03}", number % 4096, 1 + number % 999),
        Input::Toggle => number.is_multiple_of(2).to_string(),
        Input::Text => {
            let turned = (0..TEXTS.len()).map(|by| TEXTS[(at.index(TEXTS.len()) + by) % TEXTS.len()]);
            turned.into_iter().find(|text| setting.with(&default, text).is_ok())?.to_string()
        }
    })
}

/// A random deployment with arbitrary settings of its backend.
fn deployment() -> impl Strategy<Value = Deployment> {
    let backend = prop_oneof![Just(Backend::TensorRt), Just(Backend::Pytorch)];
    let changes = proptest::collection::vec((any::<Index>(), any::<Index>(), any::<u64>()), 0..12);
    (backend, any::<Option<Index>>(), 0u8..3, changes).prop_map(|(backend, model, kind, changes)| {
        let mut deployment = Deployment { backend, ..Deployment::default() };
        if let Some(model) = model {
            deployment.model = (&models()[model.index(models().len())]).into();
        }
        // In a third of the cases the dimensions of a custom model are included, which are then the
        // majority of the settings.
        let fields = |setting: &&Setting| {
            setting.flows.has(backend)
                && !matches!(setting.key, "model" | "backend")
                && (kind == 0 || !setting.key.starts_with("m."))
        };
        let fields: Vec<&Setting> = SETTINGS.iter().filter(fields).collect();
        for (setting, at, number) in changes {
            let setting = fields[setting.index(fields.len())];
            if let Some(text) = text(setting, at, number) {
                let _ = setting.read(&mut deployment, &text);
            }
        }
        deployment
    })
}

/// Checks that the understood part of a text is the same after encoding and decoding.
fn opens(text: &str) -> Result<(), TestCaseError> {
    let deployment = link::decode(text).deployment;
    let written = link::encode(&deployment);
    let again = link::decode(&written);
    prop_assert_eq!(again.problems, vec![]);
    prop_assert_eq!(link::encode(&again.deployment), written);
    let _ = link::pinned(text);
    Ok(())
}

/// The text of the QR code in a panel, or `None` if there is no readable code.
fn scanned(html: &str) -> Option<String> {
    const PIXELS: usize = 4;
    let (_, svg) = html.split_once("<svg ")?;
    let side: usize = svg.split_once("viewBox=\"0 0 ")?.1.split(' ').next()?.parse().ok()?;
    let mut dark = vec![false; side * side];
    let path = svg.split_once("<path d=\"")?.1.split('"').next()?;
    for run in path.split('M').skip(1) {
        let numbers: Vec<usize> =
            run.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        dark[numbers[1] * side + numbers[0]..][..numbers[2]].fill(true);
    }
    let light = |x: usize, y: usize| if dark[y / PIXELS * side + x / PIXELS] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * PIXELS, side * PIXELS, light);
    Some(image.detect_grids().first()?.decode().ok()?.1)
}

/// The target and the text of a link in Markdown; fails if there is anything besides the link.
fn rendered(markdown: &str) -> Result<(String, String), TestCaseError> {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let (mut text, mut target) = (String::new(), String::new());
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => target = dest_url.to_string(),
            Event::Text(part) => text.push_str(&part),
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph | TagEnd::Link) => {}
            other => return Err(TestCaseError::fail(format!("{markdown} has {other:?}"))),
        }
    }
    Ok((target, text))
}

#[test]
fn the_qr_code_of_every_preset_is_readable() {
    for preset in trtllm_memory::deployment::presets::presets() {
        let link = preset.link.replace('&', "%26").replace('=', "%3D");
        let html = answer_text(&format!("panel=share&page=https://example.org/memory/&link={link}"), &Given::default());
        let address = scanned(&html).unwrap_or_else(|| panic!("the code of {} is not readable", preset.name));
        assert_eq!(address.contains('#'), !preset.link.is_empty(), "{address}");
        assert!(address.starts_with("https://example.org/memory/"), "{address}");
        let (read, meant) = (link::decode(&address), link::decode(preset.link));
        assert_eq!((read.deployment, read.problems), (meant.deployment, vec![]), "{}", preset.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_link_restores_its_deployment(deployment in deployment()) {
        let text = link::encode(&deployment);
        let decoded = link::decode(&text);
        prop_assert!(decoded.problems.is_empty(), "{}: {:?}", text, decoded.problems);
        prop_assert_eq!(decoded.deployment, deployment);
    }

    #[test]
    fn a_link_contains_only_differences_from_the_defaults(deployment in deployment()) {
        let (text, default) = (link::encode(&deployment), link::encode(&Deployment::default()));
        prop_assert_eq!(default, "");
        let pairs: Vec<&str> = text.split('&').collect();
        if deployment == Deployment::default() {
            prop_assert_eq!(text, "");
            return Ok(());
        }
        prop_assert_eq!(pairs[0], "v=2");
        // A custom model states all of its dimensions, because they must not depend on another
        // model.
        let is_model = |pair: &str| pair.starts_with("m.") || pair == "model=custom";
        for dropped in (1..pairs.len()).filter(|index| !is_model(pairs[*index])) {
            let rest: Vec<&str> =
                pairs.iter().enumerate().filter(|(index, _)| *index != dropped).map(|(_, pair)| *pair).collect();
            let other = link::decode(&rest.join("&")).deployment;
            prop_assert_ne!(&other, &deployment, "{} has no effect in {}", pairs[dropped], text);
        }
    }

    #[test]
    fn a_link_is_plain_text_that_survives_a_mail(deployment in deployment(), pinned in deployment()) {
        for text in [link::encode(&deployment), link::encode_compared(&deployment, &pinned)] {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"=&%-._~/:,@!".contains(&byte);
            prop_assert!(text.bytes().all(is_plain), "{}", text);
            prop_assert!(!text.ends_with(['.', '_', '~', ':', ',', '@', '!', '&']), "{}", text);
            let mailed = format!("<https://example.org/memory/#{}>.", text.replace('&', "&amp;"));
            prop_assert_eq!(link::decode(&mailed).problems, vec![]);
            prop_assert_eq!(link::decode(&mailed).deployment, deployment.clone());
        }
    }

    #[test]
    fn arbitrary_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        opens(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn arbitrary_text_is_read(text in "\\PC{0,60}", key in any::<Index>()) {
        opens(&text)?;
        opens(&format!("{}={text}", SETTINGS[key.index(SETTINGS.len())].key))?;
    }

    #[test]
    fn a_link_with_inserted_bytes_is_read(
        deployment in deployment(),
        bytes in proptest::collection::vec(any::<u8>(), 1..6),
        at in any::<Index>(),
    ) {
        let mut text = link::encode(&deployment).into_bytes();
        let at = at.index(text.len() + 1);
        text.splice(at..at, bytes);
        opens(&String::from_utf8_lossy(&text))?;
    }

    #[test]
    fn markdown_is_a_single_link_that_describes_its_target(deployment in deployment(), folder in "[a-z_*()~]{1,9}") {
        let (Ok(resolved), Ok(report)) = (deployment.resolve(), estimate(&deployment)) else { return Ok(()) };
        let link = format!("https://example.org/{folder}/#{}", link::encode(&deployment));
        let (target, text) = rendered(&summary::markdown(&resolved, &report, &link, Units::Binary))?;
        prop_assert_eq!(target.replace("%28", "(").replace("%29", ")"), link);
        let fits = if report.verdict.fits() { ": fits, " } else { ": does not fit, " };
        let subject = summary::subject(&resolved).replace(" · ", ", ");
        prop_assert!(text.starts_with(&subject) && text.contains(fits), "{}", text);
    }
}
