//! Deployments as links: `v=2&model=Qwen/Qwen3-32B&tp_size=4`.
//!
//! A link means the same for ever. Version 1 stands for engines in 16 bit where it names neither
//! backend nor precision, and all names of a model in it mean the 16-bit repository. Version 2
//! stands for the PyTorch backend and the precision of the named repository. A link without a
//! version was typed by hand and means the newest one.
//!
//! A link contains the settings that differ from their defaults, in the order of [`SETTINGS`], so
//! that equal deployments have equal links. It is the fragment of the page's address, which
//! browsers do not send to servers.

mod embedding;
mod repair;

pub use embedding::{DEFAULT_KNOBS, DEFAULT_PARTS, PARTS};

use crate::architecture::find;
use crate::deployment::{Deployment, SETTINGS, setting};
use crate::text::{QUOTED, shortened};
use std::fmt::Write;

/// The version of the format that is written. It changes only if a default or the meaning of a
/// value changes.
const VERSION: u32 = 2;
/// The key of the version.
const VERSION_KEY: &str = "v";
/// The key of the deployment that is pinned for comparison. Its value is a whole link, escaped.
const COMPARE_KEY: &str = "compare";
/// The key of the panel that the page shows. Its value is a name that only the page knows.
const TAB_KEY: &str = "tab";
/// Keys of the address's query that control the page's appearance, and are not part of the
/// deployment.
pub const VIEW_OPTIONS: [&str; 6] = ["embed", "theme", "show", "knobs", "units", "readonly"];
/// Bytes of a link, at most.
const LONGEST: usize = 8192;

/// Returns the link of a deployment, without `#`; empty if every setting has its default.
///
/// ```
/// use trtllm_memory::{deployment::Deployment, link};
/// let mut deployment = Deployment::default();
/// deployment.parallel.tp_size = 4;
/// assert_eq!(link::encode(&deployment), "v=2&tp_size=4");
/// assert_eq!(link::encode(&Deployment::default()), "");
/// ```
pub fn encode(deployment: &Deployment) -> String {
    let mut link = String::new();
    for (setting, value) in deployment.changed() {
        if link.is_empty() {
            link = format!("{VERSION_KEY}={VERSION}");
        }
        link.push('&');
        link.push_str(setting.key);
        link.push('=');
        push_escaped(&mut link, &value);
    }
    link
}

/// Returns the link of a deployment with another one that is pinned for comparison.
///
/// ```
/// use trtllm_memory::{deployment::Deployment, link};
/// let mut pinned = Deployment::default();
/// pinned.parallel.tp_size = 4;
/// let link = link::encode_compared(&Deployment::default(), &pinned);
/// assert_eq!(link, "v=2&compare=v%3D2%26tp_size%3D4");
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

/// Parses the deployment that a link pins for comparison, if it pins one. If it pins several, the
/// last one counts.
pub fn pinned(link: &str) -> Option<Decoded> {
    // Only the deployment of a pinned link counts: a chain of pinned links would have no end.
    repair::pairs(link).iter().rfind(|(key, _)| key == COMPARE_KEY).map(|(_, value)| decode(value))
}

/// Returns the name of the panel that a link opens, as written; `None` if it names none. Of several
/// names the last one counts.
pub fn tab(link: &str) -> Option<String> {
    let pairs = repair::pairs(link);
    let last = pairs.iter().rfind(|(key, _)| key == TAB_KEY);
    last.map(|(_, value)| value.trim().to_string()).filter(|name| !name.is_empty())
}

/// Returns a link of [`encode`] or [`encode_compared`] that opens the panel `name`; without `name`
/// the link that opens none. Nothing else in the link changes.
///
/// ```
/// use trtllm_memory::link;
/// let link = link::with_tab("v=2&tp_size=2", Some("sweep"));
/// assert_eq!(link, "v=2&tp_size=2&tab=sweep");
/// assert_eq!(link::tab(&link).as_deref(), Some("sweep"));
/// assert_eq!(link::with_tab(&link, None), "v=2&tp_size=2");
/// ```
pub fn with_tab(link: &str, name: Option<&str>) -> String {
    let of_others = |pair: &&str| pair.split('=').next() != Some(TAB_KEY);
    let mut rest = link.split('&').filter(of_others).collect::<Vec<&str>>().join("&");
    let version = format!("{VERSION_KEY}={VERSION}");
    let Some(name) = name else {
        return if rest == version && rest.len() < link.len() { String::new() } else { rest };
    };
    if rest.is_empty() {
        rest = version;
    }
    let mut link = rest + "&";
    link.push_str(TAB_KEY);
    link.push('=');
    push_escaped(&mut link, name);
    link
}

/// Appends `text`. Escapes the characters that a fragment cannot contain (URL standard, "fragment
/// percent-encode set"), those that separate pairs, and those that end a link in Markdown or mail.
fn push_escaped(link: &mut String, text: &str) {
    for (index, byte) in text.bytes().enumerate() {
        // Programs that detect links in texts take punctuation at the end for part of the text.
        let is_inside = index + 1 < text.len();
        if byte.is_ascii_alphanumeric() || b"-/".contains(&byte) || is_inside && b"._~:,@!".contains(&byte) {
            link.push(char::from(byte));
        } else {
            let _ = write!(link, "%{byte:02X}");
        }
    }
}

/// A parsed link.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The deployment. Settings that the link does not name, or gives an invalid value, have their
    /// defaults.
    pub deployment: Deployment,
    /// The problems, in the order of the link.
    pub problems: Vec<LinkProblem>,
    /// The keys of the settings that the link names, in its order.
    pub named: Vec<&'static str>,
}

/// A part of a link that is invalid or has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LinkProblem {
    /// The key, as written.
    pub key: String,
    /// The value, as written.
    pub value: String,
    /// The kind of problem.
    pub kind: LinkProblemKind,
    /// A sentence that names the key, the problem, and the valid values if they are known.
    /// Empty without the feature `explanations`.
    pub message: String,
}

/// A kind of [`LinkProblem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkProblemKind {
    /// No setting has this key; the pair is ignored.
    UnknownKey,
    /// The setting cannot have this value; it keeps its default.
    BadValue,
    /// The key is repeated; the last value counts.
    Repeated,
    /// The backend does not have the setting; its value is kept for the other backend.
    OtherBackend,
    /// A later version of the calculator made the link.
    NewerVersion,
    /// The link is longer than that of any deployment; all of it is ignored.
    TooLong,
}

/// Parses a link: an address, `#…`, `?…`, or the fragment alone.
///
/// Parsing never fails: invalid parts are ignored and listed as problems. With the feature
/// `explanations`, damage by mail programs, chats, HTML and Markdown is repaired if the intended
/// link is certain.
///
/// ```
/// use trtllm_memory::link;
/// let decoded = link::decode("https://example.org/memory/#v=2&tp_size=2&colour=red");
/// assert_eq!(decoded.deployment.parallel.tp_size, 2);
/// assert_eq!(decoded.problems[0].message, "colour is not a setting.");
/// ```
pub fn decode(link: &str) -> Decoded {
    let pairs = repair::pairs(link);
    let is_version_1 = is_version_1(&pairs);
    let mut decoded = Decoded::of(defaults(is_version_1), link, pairs);
    if is_version_1 {
        let model = &decoded.deployment.model;
        if let Some(base) = model.checkpoint.base.as_deref().and_then(find) {
            decoded.deployment.model = base.into();
        }
    } else if let Some(only) = decoded.deployment.only_backend().filter(|_| !decoded.named.contains(&"backend")) {
        decoded.deployment.backend = only;
    }
    decoded.report_settings_of_other_backend();
    decoded
}

/// Returns the deployment with the defaults of a link's version.
pub fn base_of(link: &str) -> Deployment {
    defaults(is_version_1(&repair::pairs(link)))
}

/// The deployment that links of a version start from.
fn defaults(is_version_1: bool) -> Deployment {
    if is_version_1 { Deployment::engine() } else { Deployment::default() }
}

fn is_version_1(pairs: &[(String, String)]) -> bool {
    let stated = pairs.iter().rfind(|(key, _)| key == VERSION_KEY);
    stated.and_then(|(_, value)| repair::number(value)) == Some(1)
}

/// Parses a link as [`decode`] does, with `deployment` in place of the defaults.
pub fn decode_onto(deployment: Deployment, link: &str) -> Decoded {
    let mut decoded = Decoded::of(deployment, link, repair::pairs(link));
    decoded.report_settings_of_other_backend();
    decoded
}

/// Splits an address into its query and its fragment. A text that is not an address is a fragment.
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
    /// Parses the pairs of a link.
    fn of(deployment: Deployment, link: &str, mut pairs: Vec<(String, String)>) -> Decoded {
        let mut decoded = Decoded { deployment, problems: Vec::new(), named: Vec::new() };
        if link.len() > LONGEST {
            let message = || format!("The link is longer than {LONGEST} bytes, so it was ignored.");
            decoded.report("", "", LinkProblemKind::TooLong, message);
            return decoded;
        }
        // Dimensions change the model, so the model is parsed first, wherever it is in the link.
        if pairs.iter().any(|(key, _)| key.starts_with("m.")) {
            let (model, others): (Vec<_>, Vec<_>) =
                pairs.into_iter().partition(|(key, _)| key.eq_ignore_ascii_case("model"));
            pairs = model.into_iter().chain(others).collect();
        }
        for (key, value) in pairs {
            decoded.take(&key, value.trim());
        }
        decoded
    }

    /// Parses one pair.
    fn take(&mut self, key: &str, value: &str) {
        if repair::is_blank(key, value) {
            return;
        }
        if key == VERSION_KEY {
            return self.take_version(value);
        }
        if key == COMPARE_KEY || key == TAB_KEY {
            return;
        }
        let Some(setting) = setting(key) else {
            let message = || format!("{} is not a setting{}", quoted(key), repair::suggestion(key));
            return self.report(key, value, LinkProblemKind::UnknownKey, message);
        };
        if self.named.contains(&setting.key) {
            let message = || format!("{} occurs more than once in the link; the last value counts.", setting.key);
            self.report(key, value, LinkProblemKind::Repeated, message);
        }
        self.named.push(setting.key);
        if let Err(advice) = setting.read(&mut self.deployment, value)
            && !repair::read(setting, &mut self.deployment, value)
        {
            let message = || format!("{}={} {advice}.", setting.key, quoted(value));
            self.report(key, value, LinkProblemKind::BadValue, message);
        }
    }

    /// Reports each named setting that the deployment's backend does not have.
    fn report_settings_of_other_backend(&mut self) {
        let backend = self.deployment.backend;
        for setting in SETTINGS.iter().filter(|setting| !setting.flows.has(backend)) {
            if !self.named.contains(&setting.key) {
                continue;
            }
            let message = || format!("{} has no effect with backend={backend}.", setting.key);
            let value = setting.write(&self.deployment);
            self.report(setting.key, &value, LinkProblemKind::OtherBackend, message);
        }
    }

    fn take_version(&mut self, value: &str) {
        match repair::number(value) {
            Some(0) | None => {
                let message =
                    || format!("{VERSION_KEY}={} must be 1 or {VERSION}, a version of the link format.", quoted(value));
                self.report(VERSION_KEY, value, LinkProblemKind::BadValue, message);
            }
            Some(version) if version > VERSION => {
                let message = || {
                    format!(
                        "{VERSION_KEY}={version} marks a link of a later version of the calculator, in which other \
                         values may have another meaning."
                    )
                };
                self.report(VERSION_KEY, value, LinkProblemKind::NewerVersion, message);
            }
            Some(_) => {}
        }
    }

    fn report(&mut self, key: &str, value: &str, kind: LinkProblemKind, message: impl FnOnce() -> String) {
        let message = repair::problem_message(message);
        self.problems.push(LinkProblem { key: key.into(), value: value.into(), kind, message });
    }
}

/// A text as a message quotes it.
fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "(nothing)".into();
    }
    shortened(text, QUOTED)
}
