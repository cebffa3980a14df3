//! A deployment as the text of a link: `v=1&model=Qwen/Qwen3-32B&tp_size=4`.
//!
//! A link says what differs from the defaults, in the order of [`FIELDS`], so that equal deployments have equal links.
//! It stands in the fragment of the page's address, which no server sees.

mod repair;

use crate::deployment::{Deployment, FIELDS, field};
use std::fmt::{self, Write};

/// The version of the format. Another one is needed only if a default or the meaning of a value changes.
const VERSION: u32 = 1;
/// The key of the version.
const VERSION_KEY: &str = "v";
/// The key of a second deployment, which is compared with the link's own. Its value is a whole link, escaped.
const COMPARE_KEY: &str = "compare";
/// Keys of the address's query that choose how the page looks, and say nothing of the deployment.
pub const VIEW_OPTIONS: [&str; 6] = ["embed", "theme", "show", "knobs", "units", "readonly"];
/// No link is longer, in bytes.
const LONGEST: usize = 8192;
/// Longer texts are cut in messages, in characters.
const LONGEST_QUOTED: usize = 60;

/// The link of a deployment, without `#`; empty where nothing differs from the defaults.
///
/// ```
/// use trtllm_memory::{deployment::Deployment, link};
/// let mut deployment = Deployment::default();
/// deployment.parallel.tp_size = 4;
/// assert_eq!(link::encode(&deployment), "v=1&tp_size=4");
/// assert_eq!(link::encode(&Deployment::default()), "");
/// ```
pub fn encode(deployment: &Deployment) -> String {
    let mut link = String::new();
    for (field, value) in deployment.changed() {
        if link.is_empty() {
            link = format!("{VERSION_KEY}={VERSION}");
        }
        link.push('&');
        link.push_str(field.key);
        link.push('=');
        push_escaped(&mut link, &value);
    }
    link
}

/// The link of a deployment beside which another one is pinned for comparison.
///
/// ```
/// use trtllm_memory::{deployment::Deployment, link};
/// let mut pinned = Deployment::default();
/// pinned.parallel.tp_size = 4;
/// let link = link::encode_compared(&Deployment::default(), &pinned);
/// assert_eq!(link, "v=1&compare=v%3D1%26tp_size%3D4");
/// assert_eq!(link::pinned(&link).map(|decoded| decoded.deployment), Some(pinned));
/// ```
pub fn encode_compared(deployment: &Deployment, pinned: &Deployment) -> String {
    let default = || format!("{VERSION_KEY}={VERSION}");
    let whole = |link: String| if link.is_empty() { default() } else { link };
    let mut link = whole(encode(deployment));
    link.push('&');
    link.push_str(COMPARE_KEY);
    link.push('=');
    push_escaped(&mut link, &whole(encode(pinned)));
    link
}

/// The deployment that a link pins for comparison, if it pins one. Where it pins several, the last counts.
pub fn pinned(link: &str) -> Option<Decoded> {
    // A pinned link that pins another one would go on for ever; only the deployment counts.
    repair::pairs(link).iter().rfind(|(key, _)| key == COMPARE_KEY).map(|(_, value)| decode(value))
}

/// Appends `text`, escaping what a fragment can't hold (URL standard, "fragment percent-encode set"), what separates pairs, and
/// what ends a link in Markdown or mail.
fn push_escaped(link: &mut String, text: &str) {
    for (index, byte) in text.bytes().enumerate() {
        // Whoever makes links of texts takes punctuation at the end for the text's own.
        let is_inside = index + 1 < text.len();
        if byte.is_ascii_alphanumeric() || b"-/".contains(&byte) || is_inside && b"._~:,@!".contains(&byte) {
            link.push(char::from(byte));
        } else {
            let _ = write!(link, "%{byte:02X}");
        }
    }
}

/// What a link says, and what in it was not understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The deployment; what the link doesn't say, or says wrongly, has its default.
    pub deployment: Deployment,
    /// What was ignored, in the order of the link.
    pub problems: Vec<LinkProblem>,
}

/// A part of a link that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkProblem {
    /// The key, as written.
    pub key: String,
    /// The value, as written.
    pub value: String,
    /// What kind of problem it is.
    pub kind: LinkProblemKind,
    /// A sentence that names the key, says what is wrong, and what would be right where that is known.
    pub message: String,
}

impl fmt::Display for LinkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A kind of [`LinkProblem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkProblemKind {
    /// No setting has this key; it was ignored.
    UnknownKey,
    /// The setting can't have this value; it keeps its default.
    BadValue,
    /// The key stands there more than once; the last value counts.
    Repeated,
    /// The backend doesn't have the setting; it is kept for the other one.
    OtherBackend,
    /// The link was made by a later version of the calculator.
    NewerVersion,
    /// The link is longer than any deployment's; all of it was ignored.
    TooLong,
}

/// The deployment that a link says. It takes an address, `#…`, `?…` or the fragment alone, and never fails: what is not understood is
/// named and ignored. What mail programs, chats, HTML and Markdown do to a link on its way is undone where that is certain.
///
/// ```
/// use trtllm_memory::link;
/// let decoded = link::decode("https://example.org/memory/#v=1&tp_size=2&colour=red");
/// assert_eq!(decoded.deployment.parallel.tp_size, 2);
/// assert_eq!(decoded.problems[0].message, "colour is not a setting.");
/// ```
pub fn decode(link: &str) -> Decoded {
    decode_onto(Deployment::default(), link)
}

/// The same, where `deployment` has what the link doesn't say.
pub fn decode_onto(deployment: Deployment, link: &str) -> Decoded {
    let mut decoded = Decoded { deployment, problems: Vec::new() };
    if link.len() > LONGEST {
        let message = || format!("The link is longer than {LONGEST} bytes, so it was ignored.");
        decoded.report("", "", LinkProblemKind::TooLong, message);
        return decoded;
    }
    let mut seen: Vec<&'static str> = Vec::new();
    let mut pairs = repair::pairs(link);
    // Dimensions are changes to the model, wherever in the link it stands.
    if pairs.iter().any(|(key, _)| key.starts_with("m.")) {
        let (model, others): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(key, _)| key.eq_ignore_ascii_case("model"));
        pairs = model.into_iter().chain(others).collect();
    }
    for (key, value) in pairs {
        decoded.take(&key, value.trim(), &mut seen);
    }
    decoded.name_those_of_the_other_backend(&seen);
    decoded
}

/// The query and the fragment of an address; a text that is no address is a fragment.
fn parts(link: &str) -> (&str, &str) {
    let (before, fragment) = match link.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (link, None),
    };
    let query = before.split_once('?').filter(|(path, _)| !path.contains('='));
    match (query, fragment) {
        (Some((_, query)), fragment) => (query, fragment.unwrap_or("")),
        (None, Some(fragment)) => ("", fragment),
        (None, None) if before.contains("://") && !before.contains('=') => ("", ""),
        (None, None) => ("", before),
    }
}

impl Decoded {
    /// Takes one pair; `seen` are the keys of the pairs before it.
    fn take(&mut self, key: &str, value: &str, seen: &mut Vec<&'static str>) {
        if repair::says_nothing(key, value) {
            return;
        }
        if key == VERSION_KEY {
            return self.take_version(value);
        }
        if key == COMPARE_KEY {
            return;
        }
        let Some(field) = field(key) else {
            let message = || format!("{} is not a setting{}", quoted(key), repair::meant(key));
            return self.report(key, value, LinkProblemKind::UnknownKey, message);
        };
        if seen.contains(&field.key) {
            let message = || format!("{} stands in the link more than once; the last value counts.", field.key);
            self.report(key, value, LinkProblemKind::Repeated, message);
        }
        seen.push(field.key);
        if let Err(advice) = field.read(&mut self.deployment, value)
            && !repair::read(field, &mut self.deployment, value)
        {
            let message = || format!("{}={} {advice}.", field.key, quoted(value));
            self.report(key, value, LinkProblemKind::BadValue, message);
        }
    }

    /// Says of each setting whose key is among `seen` that it has no effect, if the deployment's backend doesn't have it.
    fn name_those_of_the_other_backend(&mut self, seen: &[&'static str]) {
        let backend = self.deployment.backend;
        for field in FIELDS.iter().filter(|field| !field.flows.has(backend) && seen.contains(&field.key)) {
            let message = || format!("{} has no effect with backend={backend}.", field.key);
            let value = field.write(&self.deployment);
            self.report(field.key, &value, LinkProblemKind::OtherBackend, message);
        }
    }

    fn take_version(&mut self, value: &str) {
        match repair::number(value) {
            Some(0) | None => {
                let message =
                    || format!("{VERSION_KEY}={} must be {VERSION}, the version of the link's format.", quoted(value));
                self.report(VERSION_KEY, value, LinkProblemKind::BadValue, message);
            }
            Some(version) if version > VERSION => {
                let message = || {
                    format!(
                        "{VERSION_KEY}={version} marks a link of a later version of the calculator; what follows may mean something else there."
                    )
                };
                self.report(VERSION_KEY, value, LinkProblemKind::NewerVersion, message);
            }
            Some(_) => {}
        }
    }

    fn report(&mut self, key: &str, value: &str, kind: LinkProblemKind, message: impl FnOnce() -> String) {
        let message = repair::said(message);
        self.problems.push(LinkProblem { key: key.into(), value: value.into(), kind, message });
    }
}

/// A text as it stands in a message: cut where it is long.
fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "(nothing)".into();
    }
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(LONGEST_QUOTED).collect();
    if letters.next().is_some() { start + "…" } else { start }
}
