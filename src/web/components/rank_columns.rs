//! The columns of the table: one for each kind of rank, or a choice among many.

use crate::memory::Rank;
use crate::web::state::AppState;
use leptos::prelude::*;
use std::sync::Arc;

/// The most kinds of rank that have a column each.
const MOST: usize = 3;

/// Formats something about a rank.
pub(super) type RankText = Arc<dyn Fn(&Rank) -> String + Send + Sync>;

/// The kinds of rank that the table shows.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    app: AppState,
    /// The name and the first rank of each kind, the shown kind first.
    kinds: Memo<Vec<(String, Rank)>>,
    count: Memo<usize>,
}

impl Columns {
    pub(super) fn new(app: AppState) -> Columns {
        let kinds = Memo::new(move |_| {
            let chosen = app.view.kind.get();
            app.with_valid(|valid| {
                let mut kinds = valid.report.kinds();
                let is_one = kinds.len() == 1;
                let shown = valid.shown_kind(chosen);
                if shown < kinds.len() && kinds.len() <= MOST {
                    kinds.swap(0, shown);
                } else if shown < kinds.len() {
                    kinds = vec![kinds.swap_remove(shown)];
                }
                let named = kinds.into_iter().map(|kind| {
                    let name = match kind.ranks.len() {
                        _ if valid.report.ranks.len() == 1 => String::new(),
                        all if is_one => format!("each of {all} GPUs"),
                        _ => kind.label(),
                    };
                    (name, kind.first.clone())
                });
                named.collect::<Vec<_>>()
            })
        });
        Columns { app, kinds, count: Memo::new(move |_| kinds.with(Vec::len)) }
    }

    /// The name and the first rank of the shown kind.
    pub(super) fn first(self) -> Option<(String, Rank)> {
        self.kinds.with(|kinds| kinds.first().cloned())
    }

    /// A text about the kind in a column, from its name and its first rank.
    fn text(self, column: usize, text: impl Fn(&str, &Rank) -> String) -> String {
        self.kinds.with(|kinds| kinds.get(column).map(|(name, rank)| text(name, rank)).unwrap_or_default())
    }
}

/// A cell for each kind, with a text about its first rank. A change of the text keeps the cell.
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
            <td class=if column == 0 { "number" } else { "number other" }>
                <span>{Signal::derive(move || columns.text(column, |_, rank| text(rank)))}</span>
                {unit()}
            </td>
        }
    };
    move || (0..columns.count.get()).map(&cell).collect_view()
}

/// The heads of the columns. With many kinds of rank it is a choice among them.
#[component]
pub(super) fn RankHeads(columns: Columns) -> impl IntoView {
    let app = columns.app;
    let names = Memo::new(move |_| {
        app.with_valid(|valid| {
            let kinds = valid.report.kinds();
            let is_many = kinds.len() > MOST;
            is_many.then(|| kinds.iter().map(|kind| kind.label()).collect::<Vec<_>>())
        })
    });
    let shown = move || app.with_valid(|valid| valid.shown_kind(app.view.kind.get()));
    let choice = move |names: Vec<String>| {
        let options = names.into_iter().enumerate().map(move |(kind, name)| {
            let is_shown = Signal::derive(move || shown() == kind);
            view! { <option value=kind.to_string() prop:selected=is_shown>{name}</option> }
        });
        view! {
            <th scope="col" class="number">
                <select
                    class="control runs"
                    aria-label="GPUs whose figures are shown"
                    on:change=move |event| app.view.kind.set(event_target_value(&event).parse().ok())
                >
                    {options.collect_view()}
                </select>
            </th>
        }
    };
    let head = move |column: usize| {
        let text = move |name: &str, _: &Rank| match name {
            "" => app.view.units.get().giga().to_string(),
            name => name.to_string(),
        };
        view! {
            <th scope="col" class=if column == 0 { "number first" } else { "number other" }>
                {Signal::derive(move || columns.text(column, text))}
            </th>
        }
    };
    move || match names.get() {
        Some(names) => choice(names).into_any(),
        None => (0..columns.count.get()).map(head).collect_view().into_any(),
    }
}
