//! The columns of the table: one for each kind of rank, or a choice among many.

use crate::memory::{Rank, RankKind};
use crate::web::state::{AppState, Valid};
use leptos::prelude::*;
use std::sync::Arc;

/// The most kinds of rank that have a column each.
const MOST: usize = 3;

/// Formats something about a rank.
pub(super) type RankText = Arc<dyn Fn(&Rank) -> String + Send + Sync>;

/// The kinds of rank that the table shows: all if there are few, otherwise the chosen one.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    app: AppState,
    kinds: Memo<Kinds>,
}

/// The kinds of rank of a deployment.
#[derive(Debug, Clone, Default, PartialEq)]
struct Kinds {
    /// The name and the first rank of each kind, the fullest first.
    all: Vec<(String, Rank)>,
    /// The index of the shown kind.
    shown: usize,
}

impl Kinds {
    fn new(valid: &Valid, chosen: Option<usize>) -> Kinds {
        let (kinds, ranks) = (valid.report.kinds(), valid.report.ranks.len());
        let name = |kind: &RankKind| match kind.ranks.len() {
            _ if ranks == 1 => String::new(),
            all if all == ranks => format!("each of {all} GPUs"),
            _ => kind.label(),
        };
        let all = kinds.iter().map(|kind| (name(kind), kind.first.clone())).collect();
        Kinds { all, shown: valid.shown_kind(chosen) }
    }

    fn are_many(&self) -> bool {
        self.all.len() > MOST
    }

    /// The kind in a column. The shown kind is in the first one.
    fn column(&self, column: usize) -> Option<&(String, Rank)> {
        match column {
            0 => self.all.get(self.shown),
            _ if self.are_many() => None,
            _ if column == self.shown => self.all.first(),
            _ => self.all.get(column),
        }
    }
}

impl Columns {
    pub(super) fn new(app: AppState) -> Columns {
        let kinds = Memo::new(move |_| {
            let chosen = app.view.kind.get();
            app.with_valid(|valid| Kinds::new(valid, chosen))
        });
        Columns { app, kinds }
    }

    /// The first rank of the shown kind.
    pub(super) fn first(self) -> Option<Rank> {
        self.kinds.with(|kinds| kinds.column(0).map(|(_, rank)| rank.clone()))
    }

    /// A text about the kind in a column, from its name and its first rank.
    fn text(self, column: usize, text: impl Fn(&str, &Rank) -> String) -> String {
        self.kinds.with(|kinds| kinds.column(column).map(|(name, rank)| text(name, rank)).unwrap_or_default())
    }

    fn is_hidden(self, column: usize) -> Signal<bool> {
        Signal::derive(move || self.kinds.with(|kinds| kinds.column(column).is_none()))
    }
}

/// A cell for each column, with a text about a rank. Unused columns are hidden and not removed,
/// because effects of removed views are never freed.
#[component]
pub(super) fn RankCells(
    columns: Columns,
    text: RankText,
    /// Whether the unit follows, for a table that is copied or printed.
    #[prop(optional)]
    has_unit: bool,
) -> impl IntoView {
    let units = columns.app.view.units;
    let unit = move || {
        has_unit
            .then(|| view! { <span class="unit">{Signal::derive(move || format!(" {}", units.get().giga()))}</span> })
    };
    let cell = move |column: usize| {
        let text = text.clone();
        view! {
            <td class=if column == 0 { "number" } else { "number other" } hidden=columns.is_hidden(column)>
                <span>{Signal::derive(move || columns.text(column, |_, rank| text(rank)))}</span>
                {unit()}
            </td>
        }
    };
    (0..MOST).map(cell).collect_view()
}

/// The heads of the columns. With many kinds of rank it is a choice among them.
#[component]
pub(super) fn RankHeads(columns: Columns) -> impl IntoView {
    let Columns { app, kinds } = columns;
    let are_many = Memo::new(move |_| kinds.with(Kinds::are_many));
    let names =
        Memo::new(move |_| kinds.with(|kinds| kinds.all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()));
    let shown = Memo::new(move |_| kinds.with(|kinds| kinds.shown));
    let options = move || {
        let (names, shown) = (if are_many.get() { names.get() } else { Vec::new() }, shown.get());
        let option = |(kind, name): (usize, String)| {
            view! { <option value=kind.to_string() prop:selected=kind == shown>{name}</option> }
        };
        names.into_iter().enumerate().map(option).collect_view()
    };
    let text = move |name: &str, _: &Rank| match name {
        "" => app.view.units.get().giga().to_string(),
        name => name.to_string(),
    };
    let head = move |column: usize| {
        let is_hidden = columns.is_hidden(column);
        view! {
            <th
                scope="col"
                class=if column == 0 { "number first" } else { "number other" }
                hidden=Signal::derive(move || is_hidden.get() || are_many.get())
            >
                {Signal::derive(move || columns.text(column, text))}
            </th>
        }
    };
    view! {
        <th scope="col" class="number" hidden=Signal::derive(move || !are_many.get())>
            <select
                class="control runs"
                aria-label="GPUs whose figures are shown"
                on:change=move |event| app.view.kind.set(event_target_value(&event).parse().ok())
            >
                {options}
            </select>
        </th>
        {(0..MOST).map(head).collect_view()}
    }
}
