//! Links keep their meaning, and whatever happens to them on their way is undone or named.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeMap;
use trtllm_memory::architecture::find;
use trtllm_memory::deployment::{Deployment, FIELDS, Input, field};
use trtllm_memory::gpu;
use trtllm_memory::link::{self, LinkProblemKind};
use trtllm_memory::memory::{Contributor, estimate};

/// A file whose rows are kept for ever.
struct Kept {
    text: &'static str,
    /// What is kept of a row: so many columns, before the one that has the digest of them and of all rows above.
    columns: usize,
    /// How many rows there were, and the digest of the last of them.
    anchor: (usize, &'static str),
}

/// Rows may be added below an anchor without changing it. It is moved to the last row from time to time.
const LINKS: Kept =
    Kept { text: include_str!("../fixtures/frozen-links.tsv"), columns: 4, anchor: (52, "791f25db57c91ff1") };
const SETTINGS: Kept =
    Kept { text: include_str!("../fixtures/frozen-settings.tsv"), columns: 4, anchor: (131, "f62d0cb94d35f2e6") };
const NAMES: Kept =
    Kept { text: include_str!("../fixtures/frozen-names.tsv"), columns: 3, anchor: (270, "b2a74396a6b30094") };

impl Kept {
    fn rows(&self) -> Vec<Vec<&'static str>> {
        // A link may begin with `#` too, but not with a space behind it.
        let lines = self.text.lines().filter(|line| *line != "#" && !line.starts_with("# "));
        lines.skip(1).map(|line| line.split('\t').collect()).collect()
    }

    /// Panics at the first row that is not what it was.
    fn check(&self) {
        let (rows, mut chain) = (self.rows(), String::new());
        for (index, row) in rows.iter().enumerate() {
            assert!(row.len() > self.columns, "row {} has {} columns: {row:?}", index + 1, row.len());
            chain = digest(&chain, &row[..self.columns]);
            assert_eq!(row[self.columns], chain, "row {}, {}, is new, altered, or not where it was", index + 1, row[0]);
            if index + 1 == self.anchor.0 {
                assert_eq!(chain, self.anchor.1, "a row up to {} was altered", index + 1);
            }
        }
        assert!(rows.len() >= self.anchor.0, "{} rows of {} are left", rows.len(), self.anchor.0);
    }
}

/// FNV-1a over the digest of the rows before and the columns of this one.
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

/// What differs from the defaults, by the keys of today.
fn settings(deployment: &Deployment) -> BTreeMap<&'static str, String> {
    deployment.changed().map(|(field, value)| (field.key, value)).collect()
}

/// The same of a canonical link, read without the reader of links.
fn said(canonical: &str) -> BTreeMap<&'static str, String> {
    let pairs = canonical.split('&').filter(|pair| *pair != "v=1").map(|pair| {
        let (key, value) = pair.split_once('=').unwrap();
        let value = value.replace("%20", " ").replace("%2A", "*");
        // A model or a card may have got another name since.
        let named = match key {
            "model" => find(&value).map(|model| model.name.clone()),
            "gpu" => gpu::find(&value).map(|gpu| gpu.id.to_string()),
            _ => None,
        };
        (field(key).unwrap().key, named.unwrap_or(value))
    });
    pairs.collect()
}

/// A row as it should be.
fn frozen(link: &str, before: &str) -> String {
    let whole = |text: String| if text.is_empty() { "v=1".to_string() } else { text };
    let decoded = link::decode(link).deployment;
    let means = whole(link::encode(&decoded));
    let pinned = link::pinned(link).map_or("-".into(), |pinned| whole(link::encode(&pinned.deployment)));
    let version = decoded.resolve().map_or("-".into(), |resolved| resolved.version.to_string());
    let chain = digest(before, &[link, &means, &pinned, &version]);
    format!("{link}\t{means}\t{pinned}\t{version}\t{chain}\t{}", figures(&decoded).join("\t"))
}

/// Verdict, and of the rank that decides weights and KV cache in bytes, tokens and blocks of the KV cache, and bytes that stay free.
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
    for kept in [LINKS, SETTINGS, NAMES] {
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
        assert_eq!(settings(&decoded), said(row[1]), "{}", row[0]);
        assert_eq!(pinned.as_ref().map(settings), (row[2] != "-").then(|| said(row[2])), "{}", row[0]);
        let version = decoded.resolve().map_or("-".into(), |resolved| resolved.version.to_string());
        assert_eq!(version, row[3], "{}", row[0]);
    }
    assert!(new.is_empty(), "these rows should be\n{}", new.join("\n"));
}

#[test]
fn frozen_links_have_their_figures() {
    for row in LINKS.rows() {
        assert_eq!(figures(&deployment(row[0]))[..], row[5..], "{}", row[0]);
    }
}

#[test]
fn frozen_settings_keep_their_keys_defaults_and_values() {
    let default = Deployment::default();
    for row in SETTINGS.rows() {
        let [key, aliases, usual, values] = row[..4] else { panic!("{row:?}") };
        let known = field(key).unwrap_or_else(|| panic!("{key} is gone; make it an alias of what it is now"));
        assert_eq!(
            known.write(&default),
            usual,
            "the default of {key}; another one needs another version of the format"
        );
        for alias in aliases.split_whitespace() {
            assert_eq!(field(alias).map(|found| found.key), Some(known.key), "{alias}");
        }
        for value in values.split_whitespace() {
            let changed = known.with(&default, value).unwrap_or_else(|problem| panic!("{key}={value}: {problem:?}"));
            let written = known.write(&changed);
            // What a family of models has anyway is not written.
            assert!(
                written == value || written.is_empty() && key.starts_with("m."),
                "{key}={value} is read as {written}"
            );
        }
    }
    // What is new must be kept from now on.
    let (rows, mut missing) = (SETTINGS.rows(), Vec::new());
    let mut before = rows.last().map_or(String::new(), |row| row[4].to_string());
    for field in FIELDS.iter().filter(|field| !rows.iter().any(|row| row[0] == field.key)) {
        let values = match field.input {
            Input::Choice(names) => names.join(" "),
            _ => String::new(),
        };
        let row = [field.key, &field.aliases.join(" "), &field.write(&default), &values];
        before = digest(&before, &row);
        missing.push(format!("{}\t{before}", row.join("\t")));
    }
    assert!(missing.is_empty(), "append to frozen-settings.tsv\n{}", missing.join("\n"));
}

#[test]
fn frozen_names_are_those_of_the_same_models_and_cards() {
    for row in NAMES.rows() {
        let [setting, name, aliases] = row[..3] else { panic!("{row:?}") };
        for name_or_alias in [name].into_iter().chain(aliases.split_whitespace()) {
            let found = match setting {
                "model" => find(name_or_alias).map(|model| model.name.as_str()),
                _ => gpu::find(name_or_alias).map(|gpu| gpu.id),
            };
            assert!(found.is_some(), "{setting}={name_or_alias} is gone; make it an alias of what it is now");
            let same = match setting {
                "model" => find(name).map(|model| model.name.as_str()),
                _ => gpu::find(name).map(|gpu| gpu.id),
            };
            assert_eq!(found, same, "{setting}={name_or_alias}");
        }
    }
}

/// Links of every kind, as the page writes them.
const SHARED: [&str; 7] = [
    "v=1&tp_size=4",
    "v=1&model=Qwen/Qwen3-32B&gpu=h200&tp_size=2&quant_algo=FP8&max_batch_size=256",
    "v=1&max_lora_rank=64&lora_target_modules=attn_qkv,attn_dense",
    "v=1&quant_algo=FP8&calibrated_activations=1200000000/1100000000",
    "v=1&model=custom&m.name=my%20own%2E&m.family=llama&m.layers=6&m.hidden=4096&m.heads=32&m.intermediate=11008&m.vocab=32000&m.positions=4096&m.window=4096:!1/2",
    "v=1&model=custom&m.family=nemotron_h&m.layers=6&m.hidden=2688&m.heads=32&m.kv_heads=2&m.head_dim=128&m.intermediate=1856&m.vocab=131072&m.positions=4096&m.mamba=8/128/64/64/4&m.pattern=M-M%2AM-",
    "v=1&gpu=h200&max_batch_size=256&compare=v%3D1%26gpu%3Db200%26quant_algo%3DFP8",
];

/// A way in which a link is damaged.
type Damage = (&'static str, fn(&str) -> String);

fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let one = |byte: u8| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

const MAIL: &str = "a mail as quoted-printable";

/// What is done to the text of a link as a whole, and can be done to what another one made of it.
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

/// Asserts that `damaged` says what `link` says, without a word about the damage.
fn understood(damaged: &str, link: &str, how: &str) {
    let (decoded, whole) = (link::decode(damaged), link::decode(link));
    assert_eq!(decoded.problems, [], "{how}: {damaged}");
    assert_eq!(settings(&decoded.deployment), settings(&whole.deployment), "{how}: {damaged}");
    let pinned = |link: &str| link::pinned(link).map(|pinned| (settings(&pinned.deployment), pinned.problems));
    assert_eq!(pinned(damaged), pinned(link), "{how}: {damaged}");
}

/// The fragment alone, and the address that it belongs to.
fn written(link: &str) -> [String; 2] {
    [format!("#{link}"), format!("https://example.org/docs/memory/#{link}")]
}

#[test]
fn damage_is_undone() {
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
fn damage_upon_damage_is_undone() {
    for link in SHARED {
        for written in written(link) {
            for (first, damage) in DAMAGES {
                let once = damage(&written);
                // A mail is written once.
                for (second, damage) in DAMAGES.into_iter().filter(|(second, _)| *second != MAIL || first != MAIL) {
                    understood(&damage(&once), link, &format!("{first}, then {second}"));
                }
            }
        }
    }
}

#[test]
fn punctuation_of_the_text_around_a_link_is_no_part_of_it() {
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
fn values_are_read_as_they_stand_before_anything_in_them_is_taken_for_damage() {
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
fn a_value_that_was_escaped_twice_or_broken_is_read() {
    for (damaged, link) in [
        ("model=Qwen%252FQwen3-32B&tp_size=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/\r\n> Qwen3-32B&tp_\r\nsize=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/%0AQwen3-32B&tp_%0D%0Asize=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/ Qwen3-32B& tp_ size = 2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("model=Qwen/Qwen3-=\r\n32B&tp_size=\r\n=2", "model=Qwen/Qwen3-32B&tp_size=2"),
        ("#/v=1&tp_size=2", "tp_size=2"),
        ("#!tp_size=2", "tp_size=2"),
        ("#?tp_size=2", "tp_size=2"),
        ("?#tp_size=2", "tp_size=2"),
        ("v&#61;1&#38;tp_size&#x3D;2", "tp_size=2"),
        ("https://example.org/?embed=1#tp_size%3D2%26pp_size%3D2", "tp_size=2&pp_size=2"),
        ("https://example.org/?embed=1&amp;theme=dark#tp_size=2", "tp_size=2"),
    ] {
        understood(damaged, link, "");
    }
}

#[test]
fn the_guard_of_a_mail_program_lets_the_link_through() {
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
    // A link of the calculator's own that mentions another address stays its own.
    let own = link::decode("v=1&tp_size=2&note=https://example.org/%23tp_size=8");
    assert_eq!((own.deployment.parallel.tp_size, own.problems.len()), (2, 1));
}

/// Character references that HTML also reads without their semicolon: after `&` none may begin a key.
const REFERENCES: &str = "aacute acirc acute aelig agrave amp aring atilde auml brvbar ccedil cedil cent copy curren deg divide eacute ecirc egrave eth euml frac12 frac14 frac34 gt iacute icirc iexcl igrave iquest iuml laquo lt macr micro middot nbsp not ntilde oacute ocirc ograve ordf ordm oslash otilde ouml para plusmn pound quot raquo reg sect shy sup1 sup2 sup3 szlig thorn times uacute ucirc ugrave uml uuml yacute yen yuml";

#[test]
fn no_key_becomes_a_character_where_html_forgets_to_escape() {
    let keys = FIELDS.iter().flat_map(|field| field.keys()).chain(["v", "compare", "embed", "theme"]);
    for key in keys {
        let found = REFERENCES.split_whitespace().find(|name| key.starts_with(name));
        assert_eq!(found, None, "&{key} is read as a character");
    }
}

/// What no link should hold, and pieces of links.
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

/// What was understood is written and read again alike, and whatever was not is named.
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
fn any_string_opens() {
    for first in NASTY {
        opens(first);
        for second in NASTY {
            opens(&format!("{first}{second}"));
            opens(&format!("{first}{second}{first}tp_size=2{second}"));
        }
    }
}

#[test]
fn what_can_be_no_link_is_named_or_ignored_and_never_obeyed() {
    let long = "tp_size=2&".repeat(10_000);
    for (text, kind) in [
        ("🎉", LinkProblemKind::UnknownKey),
        ("%", LinkProblemKind::UnknownKey),
        ("__proto__=1", LinkProblemKind::UnknownKey),
        ("tp_size=%FF", LinkProblemKind::BadValue),
        ("v=0", LinkProblemKind::BadValue),
        ("v=2", LinkProblemKind::NewerVersion),
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
