//! The question of the panel: the figure that is explained, and the deployment around it.

use super::nvidia_smi;
use crate::deployment::{Deployment, Resolved};
use crate::memory::{Contributor, Explanation, Rank, RankRanges, Report, estimate, estimate_resolved, explain_in};
use crate::protocol::PanelRequest;
use crate::units::{Bytes, Units, grouped_decimal};

/// Width of the panel in CSS pixels below which it is narrow.
const NARROW: u32 = 760;

/// GiB or GB below which two decimals are too few.
const SMALL: f64 = 0.1;

/// A figure of the table of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// The size of a contributor.
    Contributor(Contributor),
    /// The memory in use as nvidia-smi shows it.
    NvidiaSmi,
}

/// The figure that is explained, and the deployment around it.
pub(super) struct Subject<'a> {
    /// The request.
    pub request: &'a PanelRequest,
    /// The figure.
    pub topic: Topic,
    /// The deployment.
    pub resolved: Resolved,
    /// Its report.
    pub report: Report,
    /// The index of the rank.
    rank: usize,
    explanations: Vec<(Contributor, Explanation)>,
}

impl<'a> Subject<'a> {
    /// The question of a request; `None` if its deployment is impossible.
    pub(super) fn of(request: &'a PanelRequest) -> Option<Subject<'a>> {
        let topic = match request.option("contributor") {
            Some(nvidia_smi::KEY) => Topic::NvidiaSmi,
            key => Topic::Contributor(key.and_then(|key| key.parse().ok()).unwrap_or(Contributor::KvCache)),
        };
        let resolved = request.deployment.resolve().ok()?;
        let report = estimate_resolved(&resolved);
        let rank = request.number("rank").unwrap_or(0).min(report.ranks.len().checked_sub(1)? as u64);
        let explanations = explain_in(&request.deployment, rank, request.view.units).ok()?;
        Some(Subject { request, topic, resolved, report, rank: rank as usize, explanations })
    }

    /// Whether the panel is so narrow that a row of a table has two lines.
    pub(super) fn is_narrow(&self) -> bool {
        self.request.view.width.is_some_and(|width| width < NARROW)
    }

    /// The rank that is explained.
    pub(super) fn rank(&self) -> &Rank {
        &self.report.ranks[self.rank]
    }

    /// The size of a contributor on the rank.
    pub(super) fn bytes(&self, contributor: Contributor) -> Bytes {
        self.rank().figure(contributor).bytes
    }

    /// The explanation of a contributor on the rank.
    pub(super) fn explanation(&self, contributor: Contributor) -> Option<&Explanation> {
        self.explanations.iter().find(|(explained, _)| *explained == contributor).map(|(_, explanation)| explanation)
    }

    fn units(&self) -> Units {
        self.request.view.units
    }

    /// A size in the largest unit that it reaches.
    pub(super) fn size(&self, bytes: Bytes) -> String {
        bytes.display(self.units()).to_string()
    }

    /// A size in GiB or GB, without the unit.
    pub(super) fn large(&self, bytes: Bytes) -> String {
        bytes.in_giga(self.units())
    }

    /// A size in GiB or GB; a small one in the unit that it reaches.
    pub(super) fn headline(&self, bytes: Bytes) -> String {
        if bytes.giga(self.units()) < SMALL {
            return self.size(bytes);
        }
        format!("{} {}", grouped_decimal(bytes.giga(self.units()), 2), self.unit())
    }

    /// The name of the large unit.
    pub(super) fn unit(&self) -> &'static str {
        self.units().giga()
    }

    /// The likely range of a figure: "80.6 to 81.3 GiB"; `None` if the ends read like the figure.
    pub(super) fn likely(&self, bytes: Bytes, ends: [Bytes; 2]) -> Option<String> {
        let [low, high] = ends;
        let name = self.unit();
        if high.giga(self.units()) < SMALL {
            let [low, high] = [self.size(low), self.size(high)];
            return (low != high).then(|| format!("{low} to {high}"));
        }
        let text = |places: usize| [low, bytes, high].map(|end| grouped_decimal(end.giga(self.units()), places));
        let [low, _, high] = [1, 2]
            .map(text)
            .into_iter()
            .find(|[low, likely, high]| low != likely && likely != high)
            .or_else(|| Some(text(2)).filter(|[low, _, high]| low != high))?;
        Some(format!("{low} to {high} {name}"))
    }

    /// The GPUs with the same size of a contributor, as the end of a headline.
    pub(super) fn alike(&self, contributor: Contributor) -> String {
        self.where_alike(|rank| rank.figure(contributor).bytes)
    }

    /// The GPUs with the same `size` as the rank, as the end of a headline.
    pub(super) fn where_alike(&self, size: impl Fn(&Rank) -> Bytes) -> String {
        let all = self.report.ranks.len();
        let own = size(self.rank());
        let ranks = self.report.ranks.iter().filter(|rank| size(rank) == own);
        let alike: Vec<u64> = ranks.map(|rank| rank.rank).collect();
        match alike.len() {
            _ if all == 1 => String::new(),
            alike if alike == all => " on each GPU".into(),
            _ => format!(" on {}", alike.into_iter().collect::<RankRanges>()),
        }
    }

    /// The report on a changed deployment; `None` if it is impossible.
    pub(super) fn changed(&self, change: impl FnOnce(&mut Deployment)) -> Option<Report> {
        let mut deployment = self.request.deployment.clone();
        change(&mut deployment);
        estimate(&deployment).ok()
    }
}
