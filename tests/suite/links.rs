//! Links keep their meaning, and damage to a link is repaired or reported.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeMap;
use trtllm_memory::architecture::{Architecture, find, models};
use trtllm_memory::deployment::{Deployment, Input, SETTINGS, setting};
use trtllm_memory::gpu;
use trtllm_memory::link::{self, LinkProblemKind};
use trtllm_memory::memory::{Contributor, estimate};

/// A file whose rows are never changed.
struct Kept {
    text: &'static str,
    /// The number of kept columns of a row. The next column is the digest of these columns and of
    /// all rows above.
    columns: usize,
    /// The number of rows when the anchor was set, and the digest of the last of them.
    anchor: (usize, &'static str),
}

/// Rows may be added below an anchor without changing it. The anchor is moved to the last row from
/// time to time.
const LINKS: Kept =
    Kept { text: include_str!("../fixtures/frozen-links.tsv"), columns: 4, anchor: (73, "6357cc874635d521") };
const KEPT_SETTINGS: Kept =
    Kept { text: include_str!("../fixtures/frozen-settings.tsv"), columns: 4, anchor: (136, "1118d13ac146dced") };
const NAMES: Kept =
    Kept { text: include_str!("../fixtures/frozen-names.tsv"), columns: 3, anchor: (625, "14df35f0ae7cca85") };

impl Kept {
    fn rows(&self) -> Vec<Vec<&'static str>> {
        // A link may begin with `#` too, but not with `#` and a space.
        let lines = self.text.lines().filter(|line| *line != "#" && !line.starts_with("# "));
        lines.skip(1).map(|line| line.split('\t').collect()).collect()
    }

    /// Panics at the first altered row.
    fn check(&self) {
        let (rows, mut chain) = (self.rows(), String::new());
        for (index, row) in rows.iter().enumerate() {
            assert!(row.len() > self.columns, "row {} has {} columns: {row:?}", index + 1, row.len());
            chain = digest(&chain, &row[..self.columns]);
            assert_eq!(row[self.columns], chain, "row {}, {}, is new, altered or moved", index + 1, row[0]);
            if index + 1 == self.anchor.0 {
                assert_eq!(chain, self.anchor.1, "a row up to {} was altered", index + 1);
            }
        }
        assert!(rows.len() >= self.anchor.0, "only {} rows of {} are left", rows.len(), self.anchor.0);
    }
}

/// The FNV-1a hash of the digest of the previous rows and the columns of this row.
fn digest(before: &str, columns: &[&str]) -> String {
    let text = format!("{before}\t{}", columns.join("\t"));
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

fn deployment(link: &str) -> Deployment {
    link::decode(link).deployment
}

/// The settings of a deployment's backend that differ from the defaults of a version of links, by
/// their present keys.
fn settings_of(deployment: &Deployment, version: &str) -> BTreeMap<&'static str, String> {
    let default = if version == "v=1" { Deployment::engine() } else { Deployment::default() };
    let of_backend = SETTINGS.iter().filter(|setting| setting.flows.has(deployment.backend));
    let differing = of_backend.filter(|setting| setting.write(deployment) != setting.write(&default));
    differing.map(|setting| (setting.key, setting.write(deployment))).collect()
}

/// The settings that differ from the newest defaults.
fn settings(deployment: &Deployment) -> BTreeMap<&'static str, String> {
    settings_of(deployment, "v=2")
}

/// The version at the start of a canonical link.
fn version_of(canonical: &str) -> &str {
    canonical.split('&').next().unwrap()
}

/// The settings of a canonical link, read without the link reader.
fn said(canonical: &str) -> BTreeMap<&'static str, String> {
    let version = version_of(canonical);
    let pairs = canonical.split('&').skip(1).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap();
        let value = value.replace("%20", " ").replace("%2A", "*");
        // A model or a GPU may have been renamed since, and in version 1 the quantized versions of
        // a model have its name.
        let base = |model: &'static Architecture| match &model.checkpoint.base {
            Some(base) if version == "v=1" => base.clone(),
            _ => model.name.clone(),
        };
        let named = match key {
            "model" => find(&value).map(base),
            "gpu" => gpu::find(&value).map(|gpu| gpu.id.to_string()),
            _ => None,
        };
        (setting(key).unwrap().key, named.unwrap_or(value))
    });
    pairs.collect()
}

/// The canonical link of a deployment, with all that differs from the newest defaults: also a
/// backend that the model brings.
fn canonical(deployment: &Deployment) -> String {
    let differing = settings(deployment);
    let pairs = SETTINGS.iter().filter_map(|setting| {
        let value = differing.get(setting.key)?.replace(' ', "%20").replace('*', "%2A");
        Some(format!("&{}={value}", setting.key))
    });
    format!("v=2{}", pairs.collect::<String>())
}

/// The expected row for a link.
fn frozen(link: &str, before: &str) -> String {
    let decoded = link::decode(link).deployment;
    let means = canonical(&decoded);
    let pinned = link::pinned(link).map_or("-".into(), |pinned| canonical(&pinned.deployment));
    let version = decoded.resolve().map_or("-".into(), |resolved| resolved.version.to_string());
    let chain = digest(before, &[link, &means, &pinned, &version]);
    format!("{link}\t{means}\t{pinned}\t{version}\t{chain}\t{}", figures(&decoded).join("\t"))
}

/// The verdict and the figures of the limiting rank.
///
/// The figures are the bytes of weights and KV cache, the tokens and blocks of the KV cache, and
/// the free bytes.
fn figures(deployment: &Deployment) -> [String; 6] {
    match estimate(deployment) {
        Ok(report) => {
            let (rank, kv) = (report.kv_limiting_rank().unwrap(), &report.kv_cache);
            let bytes = |contributor| rank.figure(contributor).bytes.0.to_string();
            let (tokens, blocks) = (kv.tokens.to_string(), kv.blocks.to_string());
            let (weights, cache) = (bytes(Contributor::Weights), bytes(Contributor::KvCache));
            [report.verdict.key().into(), weights, cache, tokens, blocks, rank.free.0.to_string()]
        }
        Err(problems) => {
            let [verdict, none] = [format!("impossible: {}", problems.0[0].field), "-".to_string()];
            [verdict, none.clone(), none.clone(), none.clone(), none.clone(), none]
        }
    }
}

#[test]
fn every_kept_row_is_there_as_it_was() {
    for kept in [LINKS, KEPT_SETTINGS, NAMES] {
        kept.check();
    }
}

#[test]
fn frozen_links_mean_what_they_meant() {
    let (mut chain, mut new) = (String::new(), Vec::new());
    for row in LINKS.rows() {
        if row.len() == 1 {
            let shown = frozen(row[0], &chain);
            chain = shown.split('\t').nth(LINKS.columns).unwrap().to_string();
            new.push(shown);
            continue;
        }
        chain = row[LINKS.columns].to_string();
        let (decoded, pinned) = (deployment(row[0]), link::pinned(row[0]).map(|pinned| pinned.deployment));
        assert_eq!(settings_of(&decoded, version_of(row[1])), said(row[1]), "{}", row[0]);
        let compared = pinned.map(|pinned| settings_of(&pinned, version_of(row[2])));
        assert_eq!(compared, (row[2] != "-").then(|| said(row[2])), "{}", row[0]);
        let version = decoded.resolve().map_or("-".into(), |resolved| resolved.version.to_string());
        assert_eq!(version, row[3], "{}", row[0]);
    }
    assert!(new.is_empty(), "expected rows:\n{}", new.join("\n"));
}

#[test]
fn frozen_links_keep_their_figures() {
    for row in LINKS.rows() {
        assert_eq!(figures(&deployment(row[0]))[..], row[5..], "{}", row[0]);
    }
}

#[test]
fn frozen_settings_keep_their_keys_defaults_and_values() {
    let default = deployment("v=1");
    for row in KEPT_SETTINGS.rows() {
        let [key, aliases, usual, values] = row[..4] else { panic!("{row:?}") };
        let known = setting(key).unwrap_or_else(|| panic!("{key} is gone; make it an alias of its present key"));
        assert_eq!(
            known.write(&default),
            usual,
            "the default of {key}; a different default requires a new version of the format"
        );
        for alias in aliases.split_whitespace() {
            assert_eq!(setting(alias).map(|found| found.key), Some(known.key), "{alias}");
        }
        for value in values.split_whitespace() {
            let changed = known.with(&default, value).unwrap_or_else(|problem| panic!("{key}={value}: {problem:?}"));
            let written = known.write(&changed);
            // A value that the model family implies is not written.
            assert!(
                written == value || written.is_empty() && key.starts_with("m."),
                "{key}={value} is read as {written}"
            );
        }
    }
    // New settings and names of values must be kept from now on.
    let (rows, mut missing) = (KEPT_SETTINGS.rows(), Vec::new());
    let mut before = rows.last().map_or(String::new(), |row| row[4].to_string());
    for setting in SETTINGS {
        let kept: Vec<&Vec<&str>> = rows.iter().filter(|row| row[0] == setting.key).collect();
        let is_new = |name: &&&str| !kept.iter().any(|row| row[3].split(' ').any(|known| known == **name));
        let values = match setting.input {
            Input::Choice(names) => names.iter().filter(is_new).copied().collect::<Vec<&str>>().join(" "),
            _ => String::new(),
        };
        if !kept.is_empty() && values.is_empty() {
            continue;
        }
        let row = [setting.key, &setting.aliases.join(" "), &setting.write(&default), &values];
        before = digest(&before, &row);
        missing.push(format!("{}\t{before}", row.join("\t")));
    }
    assert!(missing.is_empty(), "append to frozen-settings.tsv\n{}", missing.join("\n"));
}

/// The other defaults are those of version 1, which `frozen-settings.tsv` holds.
#[test]
fn version_2_has_other_defaults_of_backend_and_precision_alone() {
    let (first, second) = (deployment("v=1"), deployment("v=2"));
    let differing: Vec<(&str, String, String)> = SETTINGS
        .iter()
        .map(|setting| (setting.key, setting.write(&first), setting.write(&second)))
        .filter(|(_, first, second)| first != second)
        .collect();
    let expected = [("quant_algo", "NO_QUANT", "auto"), ("backend", "tensorrt", "pytorch")];
    assert_eq!(differing, expected.map(|(key, first, second)| (key, first.into(), second.into())));
    assert_eq!((deployment(""), link::encode(&second)), (second, String::new()));
}

/// A link of version 2 names the repository; one of version 1 named any of a model's versions in
/// place of the model.
#[test]
fn a_name_means_its_repository_since_version_2() {
    let (model, quantized) = ("Qwen/Qwen3-32B", "nvidia/Qwen3-32B-NVFP4");
    assert_eq!(deployment(&format!("v=1&model={quantized}")), deployment(&format!("v=1&model={model}")));
    for link in [format!("v=2&model={quantized}"), format!("model={quantized}")] {
        assert_eq!(deployment(&link).model.name, quantized);
    }
}

/// Whisper has an encoder, which only engines have; gpt-oss has attention sinks, which only the
/// PyTorch backend has.
#[test]
fn a_model_brings_its_backend_since_version_2() {
    let backend = |link: &str| deployment(link).backend.name();
    for whisper in ["v=2&model=openai/whisper-large-v3", "model=openai/whisper-large-v3&max_batch_size=8"] {
        assert_eq!(backend(whisper), "tensorrt");
        assert!(!link::encode(&deployment(whisper)).contains("backend"));
    }
    // Settings of the backend that the model brings have an effect.
    assert_eq!(link::decode("v=2&model=openai/whisper-large-v3&max_input_len=14").problems, []);
    assert_eq!(backend("v=2&model=openai/gpt-oss-120b"), "pytorch");
    assert_eq!(backend("v=1&model=openai/gpt-oss-120b"), "tensorrt");
    // A link may state an impossible backend, and keeps it.
    let stated = "v=2&model=openai/whisper-large-v3&backend=pytorch";
    assert_eq!((backend(stated), link::encode(&deployment(stated))), ("pytorch", stated.to_string()));
}

/// The name and the aliases in a row of `frozen-names.tsv`.
fn names(row: &[&'static str]) -> impl Iterator<Item = &'static str> {
    [row[1]].into_iter().chain(row[2].split_whitespace())
}

/// The name of the model or the GPU that a link names.
fn meant(link: &str) -> String {
    let decoded = link::decode(link);
    assert_eq!(decoded.problems, [], "{link} is gone; make it an alias of its present name");
    if link.contains("gpu=") { decoded.deployment.gpu.id.to_string() } else { decoded.deployment.model.name.clone() }
}

#[test]
fn frozen_names_keep_their_models_and_gpus() {
    // The last row with a name says what it means in version 2.
    let mut newest: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for row in NAMES.rows() {
        let [setting, name, ..] = row[..] else { panic!("{row:?}") };
        for alias in names(&row) {
            let means = |name: &str| meant(&format!("v=1&{setting}={name}"));
            assert_eq!(means(alias), means(name), "v=1&{setting}={alias}");
            newest.insert((setting, alias), name);
        }
    }
    // New names must be kept from now on.
    let last = NAMES.rows().last().map_or(String::new(), |row| row[3].to_string());
    let (mut before, mut missing) = (last, Vec::new());
    let mut keep = |setting: &str, name: &str, aliases: &str| {
        let means = |name: &str| meant(&format!("v=2&{setting}={name}"));
        let is_kept = |one: &str| newest.get(&(setting, one)).is_some_and(|kept| means(kept) == means(name));
        if ![name].into_iter().chain(aliases.split_whitespace()).all(is_kept) {
            let row = [setting, name, aliases];
            before = digest(&before, &row);
            missing.push(format!("{}\t{before}", row.join("\t")));
        }
    };
    for gpu in gpu::gpus() {
        keep("gpu", gpu.id, gpu.aliases);
    }
    for model in models() {
        keep("model", &model.name, &model.aliases.join(" "));
    }
    assert!(missing.is_empty(), "append to frozen-names.tsv\n{}", missing.join("\n"));
    let mut rows: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for ((setting, alias), name) in &newest {
        let means = |name: &str| meant(&format!("v=2&{setting}={name}"));
        assert_eq!(means(alias), means(name), "v=2&{setting}={alias}");
        let row = rows.entry((setting, means(name))).or_insert(name);
        assert_eq!(row, name, "two rows mean the same {setting}");
    }
}

/// Links of every kind, as the page writes them.
const SHARED: [&str; 8] = [
    "v=1&tp_size=4",
    "v=1&model=Qwen/Qwen3-32B&gpu=h200&tp_size=2&quant_algo=FP8&max_batch_size=256",
    "v=1&max_lora_rank=64&lora_target_modules=attn_qkv,attn_dense",
    "v=1&quant_algo=FP8&calibrated_activations=1200000000/1100000000",
    "v=1&model=custom&m.name=my%20own%2E&m.family=llama&m.layers=6&m.hidden=4096&m.heads=32&m.intermediate=11008\
     &m.vocab=32000&m.positions=4096&m.window=4096:!1/2",
    "v=1&model=custom&m.family=nemotron_h&m.layers=6&m.hidden=2688&m.heads=32&m.kv_heads=2&m.head_dim=128\
     &m.intermediate=1856&m.vocab=131072&m.positions=4096&m.mamba=8/128/64/64/4&m.pattern=M-M%2AM-",
    "v=1&gpu=h200&max_batch_size=256&compare=v%3D1%26gpu%3Db200%26quant_algo%3DFP8",
    "v=2&model=nvidia/Qwen3-32B-NVFP4&gpu=b200&compare=v%3D2%26model%3DQwen/Qwen3-32B%26gpu%3Db200",
];

/// A way in which a link is damaged.
type Damage = (&'static str, fn(&str) -> String);

fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let one = |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

const MAIL: &str = "a mail as quoted-printable";

/// Damages to the whole text of a link. They can be combined.
const DAMAGES: [Damage; 16] = [
    ("HTML", |link| link.replace('&', "&amp;")),
    ("HTML in decimals", |link| link.replace('&', "&#38;")),
    ("HTML in hexadecimals", |link| link.replace('&', "&#x26;")),
    ("a query in place of the fragment", |link| link.replacen('#', "?", 1)),
    ("an escaped #", |link| link.replacen('#', "%23", 1)),
    ("every sign escaped", |link| percent(link, |byte| byte.is_ascii_alphanumeric())),
    ("every sign escaped in lower case", |link| {
        percent(link, |byte| byte.is_ascii_alphanumeric()).replace("%2F", "%2f").replace("%3D", "%3d")
    }),
    ("every byte escaped", |link| percent(link, |_| false)),
    ("brackets", |link| format!("<{link}>")),
    ("quotes of a word processor", |link| format!("“{link}”")),
    ("bold", |link| format!("**{link}**")),
    ("code", |link| format!("`{link}`")),
    ("an escaped underscore", |link| link.replace('_', "\\_")),
    ("a space that has no width behind every slash", |link| link.replace('/', "/\u{200b}").replace('&', "\u{feff}&")),
    ("lines of a letter", |link| link.replace('&', "&\r\n")),
    (MAIL, |link| {
        let printable = link.replace('=', "=3D");
        let lines: Vec<&str> = printable.split_inclusive('&').collect();
        lines.join("=\r\n")
    }),
];

/// Asserts that `damaged` is read like `link`, without any reported problem.
fn understood(damaged: &str, link: &str, how: &str) {
    let (decoded, whole) = (link::decode(damaged), link::decode(link));
    assert_eq!(decoded.problems, [], "{how}: {damaged}");
    assert_eq!(settings(&decoded.deployment), settings(&whole.deployment), "{how}: {damaged}");
    let pinned = |link: &str| link::pinned(link).map(|pinned| (settings(&pinned.deployment), pinned.problems));
    assert_eq!(pinned(damaged), pinned(link), "{how}: {damaged}");
}

/// The fragment alone, and a whole address with it.
fn written(link: &str) -> [String; 2] {
    [format!("#{link}"), format!("https://example.org/docs/memory/#{link}")]
}

#[test]
fn damage_is_repaired() {
    for link in SHARED {
        assert_eq!(link::decode(link).problems, [], "{link}");
        for written in written(link) {
            for (how, damage) in DAMAGES {
                understood(&damage(&written), link, how);
            }
        }
    }
}

#[test]
fn combined_damage_is_repaired() {
    for link in SHARED {
        for written in written(link) {
            for (first, damage) in DAMAGES {
                let once = damage(&written);
                // A mail is encoded only once.
                for (second, damage) in DAMAGES.into_iter().filter(|(second, _)| *second != MAIL || first != MAIL) {
                    understood(&damage(&once), link, &format!("{first}, then {second}"));
                }
            }
        }
    }
}

#[test]
fn surrounding_punctuation_is_not_part_of_a_link() {
    for link in SHARED {
        for written in written(link) {
            for end in [
                ".",
                ",",
                ")",
                ">",
                "]",
                "}",
                "\"",
                "'",
                "*",
                ";",
                ":",
                "!",
                "?",
                "…",
                "...",
                ").",
                ">,",
                "\".",
                "**",
                "_",
                "”",
                "’",
                "»",
                "。",
                "）",
                "、",
                "/",
                "#",
                "&",
                " ",
                "\n",
                "\u{a0}",
                "%20",
                "%0A",
                "%0D%0A",
                "%29",
                "%E2%80%9D",
            ] {
                understood(&format!("{written}{end}"), link, end);
            }
            for start in
                ["<", "(", "[", "\"", "'", "*", "“", "‘", "«", "\u{feff}", "\u{200b}", " ", "\n", "URL: ", "＜"]
            {
                understood(&format!("{start}{written}"), link, start);
            }
        }
    }
}

#[test]
fn valid_values_are_read_without_repair() {
    let pattern = "model=custom&m.family=nemotron_h&m.layers=4&m.hidden=2688&m.mamba=8/128/64/64/4&m.pattern=M*M*";
    let decoded = link::decode(pattern);
    assert_eq!(decoded.problems, []);
    assert_eq!(said("v=1&m.pattern=M%2AM%2A")["m.pattern"], settings(&decoded.deployment)["m.pattern"]);
    let name = deployment("model=custom&m.name=my own_");
    assert_eq!(name.model.name, "my own_");
    for (value, read) in [("tp_size=-2", false), ("tp_size=2.5", false), ("tp_size=2=4", false), ("tp_size=“2”", true)]
    {
        assert_eq!(link::decode(value).problems.is_empty(), read, "{value}");
    }
    let dashed = link::decode("model=Qwen/Qwen3\u{2011}32B&gpu=h100\u{2013}pcie");
    assert_eq!((dashed.problems.len(), dashed.deployment.model.name.as_str()), (0, "Qwen/Qwen3-32B"));
}

#[test]
fn a_value_with_double_escapes_or_line_breaks_is_read() {
    for (damaged, link) in [
        ("model=Qwen%252FQwen3-32B&tp_size=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/\r\n> Qwen3-32B&tp_\r\nsize=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/%0AQwen3-32B&tp_%0D%0Asize=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/ Qwen3-32B& tp_ size = 2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/Qwen3-=\r\n32B&tp_size=\r\n=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("#/v=1&tp_size=2", "v=1&tp_size=2"),
        ("#!tp_size=2", "tp_size=2"),
        ("#?tp_size=2", "tp_size=2"),
        ("?#tp_size=2", "tp_size=2"),
        ("v&#61;1&#38;tp_size&#x3D;2", "v=1&tp_size=2"),
        ("https://example.org/?embed=1#tp_size%3D2%26pp_size%3D2", "tp_size=2&pp_size=2"),
        ("https://example.org/?embed=1&amp;theme=dark#tp_size=2", "tp_size=2"),
    ] {
        understood(damaged, link, "");
    }
}

#[test]
fn a_link_wrapped_by_a_mail_guard_is_read() {
    for link in SHARED {
        let address = format!("https://example.org/memory/#{link}");
        let once = percent(&address, |byte| byte.is_ascii_alphanumeric());
        let twice = percent(&once, |byte| byte.is_ascii_alphanumeric());
        let guard = |address: &str| {
            format!(
                "https://nam02.safelinks.protection.outlook.com/?url={address}&data=05%7C01%7C&sdata=aGk%3D&reserved=0"
            )
        };
        understood(&guard(&once), link, "guarded");
        understood(&guard(&twice), link, "guarded, escaped twice");
        understood(&format!("https://www.google.com/url?q={once}&sa=D&source=docs"), link, "guarded");
        understood(&guard(&percent(&guard(&once), |byte| byte.is_ascii_alphanumeric())), link, "guarded twice");
    }
    // A link to the calculator that mentions another address is not taken for a guarded link.
    let own = link::decode("v=1&tp_size=2&note=https://example.org/%23tp_size=8");
    assert_eq!((own.deployment.parallel.tp_size, own.problems.len()), (2, 1));
}

/// Character references that HTML also reads without their semicolon. No key may begin with them,
/// because a key follows `&`.
const REFERENCES: &str = "aacute acirc acute aelig agrave amp aring atilde auml brvbar ccedil cedil cent copy curren \
                          deg divide eacute ecirc egrave eth euml frac12 frac14 frac34 gt iacute icirc iexcl igrave \
                          iquest iuml laquo lt macr micro middot nbsp not ntilde oacute ocirc ograve ordf ordm oslash \
                          otilde ouml para plusmn pound quot raquo reg sect shy sup1 sup2 sup3 szlig thorn times \
                          uacute ucirc ugrave uml uuml yacute yen yuml";

#[test]
fn no_key_is_read_as_a_character_reference_in_unescaped_html() {
    let keys = SETTINGS.iter().flat_map(|setting| setting.keys()).chain(["v", "compare", "embed", "theme"]);
    for key in keys {
        let found = REFERENCES.split_whitespace().find(|name| key.starts_with(name));
        assert_eq!(found, None, "&{key} is read as a character");
    }
}

/// Invalid parts of links, and fragments of valid links.
const NASTY: [&str; 24] = [
    "%",
    "%2",
    "%%",
    "%E0%A4%A",
    "%FF%FE",
    "%00",
    "\0",
    "=",
    "&",
    "#",
    "?",
    "+",
    "://",
    "&amp;",
    "compare=",
    "v=",
    "tp_size=",
    "model=custom",
    "m.layers=9",
    "🎉",
    "é",
    "\u{202e}",
    "__proto__=1",
    "%2525253D",
];

/// Asserts that every problem has a message, and that the understood part of a text is the same
/// after encoding and decoding.
fn opens(text: &str) {
    let decoded = link::decode(text);
    for problem in &decoded.problems {
        assert!(problem.message.ends_with(['.', '?']), "{text:?}: {}", problem.message);
    }
    let again = link::decode(&link::encode(&decoded.deployment));
    assert_eq!(again.problems, [], "{text:?}");
    assert_eq!(settings(&again.deployment), settings(&decoded.deployment), "{text:?}");
    let _ = link::pinned(text);
}

#[test]
fn arbitrary_text_is_read() {
    for first in NASTY {
        opens(first);
        for second in NASTY {
            opens(&format!("{first}{second}"));
            opens(&format!("{first}{second}{first}tp_size=2{second}"));
        }
    }
}

#[test]
fn invalid_links_are_reported_or_ignored_and_have_no_effect() {
    let long = "v=1&tp_size=2&".repeat(10_000);
    for (text, kind) in [
        ("🎉", LinkProblemKind::UnknownKey),
        ("%", LinkProblemKind::UnknownKey),
        ("__proto__=1", LinkProblemKind::UnknownKey),
        ("tp_size=%FF", LinkProblemKind::BadValue),
        ("v=0", LinkProblemKind::BadValue),
        ("v=3", LinkProblemKind::NewerVersion),
        (&long, LinkProblemKind::TooLong),
    ] {
        let decoded = link::decode(text);
        assert_eq!(decoded.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [kind], "{text:.40}");
        assert_eq!(decoded.deployment, Deployment::default(), "{text:.40}");
    }
    for nothing in
        ["", "#", "?", "#&&&", "# ", "https://example.org/memory/", "https://example.org/memory/#", "…", "\u{200b}"]
    {
        assert_eq!(link::decode(nothing).problems, [], "{nothing}");
    }
}

/// `tab` names the panel that the page shows. It is neither a setting nor a problem, also next to a
/// pinned deployment, and links without it keep their bytes.
#[test]
fn a_tab_in_a_link_changes_nothing_else() {
    let plain = "v=1&model=Qwen/Qwen3-32B&tp_size=2&compare=v%3D1%26tp_size%3D4";
    let link = link::with_tab(plain, Some("sweep"));
    assert_eq!(link, format!("{plain}&tab=sweep"));
    let (with, without) = (link::decode(&link), link::decode(plain));
    assert_eq!((with.deployment, with.problems, with.named), (without.deployment, vec![], without.named));
    assert_eq!(link::pinned(&link), link::pinned(plain));
    assert_eq!((link::tab(&link).as_deref(), link::tab(plain)), (Some("sweep"), None));
    for text in [plain, "", "v=1", "v=2", "tp_size=2&colour=red", "#v=1&&tp_size=2"] {
        assert_eq!(link::with_tab(text, None), text);
    }
    assert_eq!(link::with_tab(&link, None), plain);
    assert_eq!(link::with_tab(&link, Some("why")), format!("{plain}&tab=why"));
    assert_eq!(link::with_tab("", Some("import")), "v=2&tab=import");
    assert_eq!(link::with_tab("v=2&tab=import", None), "");
    // Without its version the link would mean other defaults.
    assert_eq!(link::with_tab("v=1&tab=import", None), "v=1");
    assert_eq!(link::tab("tab=why&tp_size=2&tab=limits").as_deref(), Some("limits"));
    assert_eq!(link::tab("https://example.org/?tab=why#v=1&tab=").as_deref(), None);
    // A link protected by a mail program, and one that HTML escaped.
    let wrapped = "https://mail.example/?url=https%3A%2F%2Fexample.org%2F%23v%3D1%26tp_size%3D2%26tab%3Dsweep";
    assert_eq!(link::tab(wrapped).as_deref(), Some("sweep"));
    assert_eq!(link::tab("https://example.org/#v=1&amp;tp_size=2&amp;tab=sweep.").as_deref(), Some("sweep"));
}
