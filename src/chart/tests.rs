use super::*;
use crate::architecture;
use crate::deployment::{Deployment, Parallelism};
use crate::memory::{Contributor, Rank, Verdict, estimate};
use crate::units::{Bytes, Units};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SIZE: Size = Size { width: 428, height: 320 };

fn report(deployment: &Deployment) -> Report {
    estimate(deployment).unwrap()
}

/// A report of `ranks` ranks that use their memory in the same way.
fn alike(ranks: u64) -> Report {
    let mut report = report(&Deployment::default());
    let rank = report.ranks[0].clone();
    report.ranks = (0..ranks).map(|number| Rank { rank: number, ..rank.clone() }).collect();
    report
}

fn labels(drawing: &Drawing) -> Vec<&str> {
    drawing.bars.iter().map(|bar| bar.label.as_str()).collect()
}

/// Checks that the boxes of each bar touch, base first, inside the picture. Returns the pixels of
/// each bar.
fn heights(drawing: &Drawing, size: Size) -> Vec<u32> {
    drawing
        .bars
        .iter()
        .enumerate()
        .map(|(bar, _)| {
            let hits: Vec<&Hit> = drawing.hits.iter().filter(|hit| hit.bar == bar).collect();
            for pair in hits.windows(2) {
                assert_eq!(pair[1].y + pair[1].height, pair[0].y);
                assert_eq!((pair[1].x, pair[1].width), (pair[0].x, pair[0].width));
            }
            for hit in &hits {
                assert!(hit.height >= 2 && hit.x + hit.width <= size.width && hit.y + hit.height <= size.height);
            }
            hits.iter().map(|hit| hit.height).sum()
        })
        .collect()
}

#[test]
fn the_default_deployment_looks_as_it_did() {
    let drawing = ranks(&report(&Deployment::default()), SIZE, &Theme::LIGHT, Units::Binary);
    assert_eq!(drawing.svg, include_str!("../../tests/fixtures/ranks.svg"));
}

#[test]
fn segments_are_as_long_as_their_bytes() {
    let report = report(&Deployment::default());
    let drawing = ranks(&report, SIZE, &Theme::LIGHT, Units::Binary);
    let rank = &report.ranks[0];
    let base = SIZE.height - 28;
    let pixels_of_all = f64::from(base - drawing.capacity);
    assert_eq!(heights(&drawing, SIZE), [base - drawing.capacity]);
    for hit in &drawing.hits {
        let expected = hit.segment.bytes(rank).share_of(rank.total) * pixels_of_all;
        // A long segment gives pixels to the small ones, so that these are visible.
        assert!((f64::from(hit.height) - expected).abs() <= 6.0, "{}: {expected}", hit.segment.label());
    }
    assert_eq!(drawing.hits[0].segment, Segment::Contributor(Contributor::Weights));
    assert_eq!(drawing.hits.last().unwrap().segment, Segment::Free);
}

#[test]
fn what_takes_nothing_has_no_box() {
    let mut report = alike(1);
    report.ranks[0].contributors[Contributor::DecoderBuffers as usize].bytes = Bytes::ZERO;
    let drawing = ranks(&report, SIZE, &Theme::LIGHT, Units::Binary);
    assert_eq!(drawing.hits.len(), 6);
    assert!(drawing.hits.iter().all(|hit| hit.segment != Segment::Contributor(Contributor::DecoderBuffers)));
}

#[test]
fn where_the_memory_does_not_suffice_bar_and_line_are_both_seen() {
    let model = architecture::find("meta-llama/Llama-3.3-70B-Instruct").unwrap();
    let report = report(&Deployment { model: model.into(), ..Deployment::default() });
    assert!(matches!(report.verdict, Verdict::Fails { .. }));
    let drawing = ranks(&report, SIZE, &Theme::LIGHT, Units::Binary);
    let top = drawing.hits.last().unwrap().y;
    assert!(20 <= top && top + 50 < drawing.capacity && drawing.capacity < SIZE.height - 100);

    let wide = Size { width: 500, height: 20 };
    let strip = strip(&report, wide, &Theme::LIGHT);
    let end = strip.hits.last().map(|hit| hit.x + hit.width);
    assert_eq!(end, Some(500));
    assert!(strip.capacity < 450);
    assert!(strip.svg.contains(&Theme::LIGHT.ink.to_string().to_uppercase()));
}

#[test]
fn a_strip_shows_the_rank_that_decides_from_end_to_end() {
    let mut report = alike(4);
    report.ranks[2].contributors[0].bytes += Bytes(1 << 30);
    report.ranks[2].free = report.ranks[2].free - Bytes(1 << 30);
    report.kv_cache.tightest_rank = 2;
    let drawing = strip(&report, Size { width: 468, height: 20 }, &Theme::DARK);
    assert_eq!((drawing.bars[0].shows, labels(&drawing)), (2, vec!["GPU 2"]));
    let mut x = 0;
    for hit in &drawing.hits {
        assert_eq!((hit.x, hit.y, hit.height), (x, 0, 20));
        x += hit.width;
    }
    assert_eq!(x, 468);
    assert!(!drawing.svg.contains("<text"));
}

#[test]
fn up_to_eight_ranks_have_a_bar_each_where_there_is_room() {
    assert_eq!(labels(&ranks(&alike(1), SIZE, &Theme::LIGHT, Units::Binary)), ["GPU 0"]);
    assert_eq!(labels(&ranks(&alike(4), SIZE, &Theme::LIGHT, Units::Binary)), ["GPU 0", "GPU 1", "GPU 2", "GPU 3"]);
    assert_eq!(ranks(&alike(8), SIZE, &Theme::LIGHT, Units::Binary).bars.len(), 8);
    let narrow = Size { width: 200, height: 240 };
    let drawing = ranks(&alike(8), narrow, &Theme::LIGHT, Units::Binary);
    assert_eq!(labels(&drawing), ["GPU 0–7"]);
    assert!(drawing.bars[0].alike);
}

#[test]
fn more_ranks_are_folded_where_they_are_alike() {
    let mut report = alike(64);
    for rank in &mut report.ranks[32..] {
        rank.contributors[0].bytes = Bytes(rank.contributors[0].bytes.0 / 2);
    }
    let drawing = ranks(&report, SIZE, &Theme::LIGHT, Units::Binary);
    assert_eq!(labels(&drawing), ["GPU 0–31", "GPU 32–63"]);
    assert_eq!((drawing.bars[1].ranks.clone(), drawing.bars[1].shows), (32..=63, 32));
    assert!(drawing.hits[0].height > drawing.hits.iter().find(|hit| hit.bar == 1).unwrap().height);
}

#[test]
fn where_even_these_are_too_many_the_fullest_of_neighbours_is_shown() {
    // Up to 0.12, the first GPU of each node holds the contexts of the other ranks.
    let model = architecture::find("meta-llama/Llama-3.1-405B").unwrap();
    let report = report(&Deployment {
        model: model.into(),
        version: "0.12".parse().ok(),
        parallel: Parallelism { tp_size: 8, pp_size: 126, ..Parallelism::default() },
        ..Deployment::default()
    });
    assert!(report.alike().len() > 100);
    let drawing = ranks(&report, SIZE, &Theme::LIGHT, Units::Binary);
    assert!((2..=12).contains(&drawing.bars.len()));
    let mut next = 0;
    for bar in &drawing.bars {
        assert_eq!(*bar.ranks.start(), next);
        next = bar.ranks.end() + 1;
        let most = report.ranks[*bar.ranks.start() as usize..next as usize].iter().map(Rank::used).max();
        assert_eq!(Some(report.ranks[bar.shows as usize].used()), most);
    }
    assert_eq!(next, 1008);
    assert!(drawing.bars.iter().any(|bar| !bar.alike));
}

#[test]
fn any_report_is_drawn_at_any_size() {
    let mut absurd = alike(3);
    for figure in &mut absurd.ranks[1].contributors {
        figure.bytes = Bytes(u64::MAX);
    }
    absurd.ranks[2].total = Bytes(u64::MAX);
    let mut nothing = alike(1);
    for figure in &mut nothing.ranks[0].contributors {
        figure.bytes = Bytes::ZERO;
    }
    nothing.ranks[0].total = Bytes::ZERO;
    nothing.ranks[0].free = Bytes::ZERO;
    let reports = [alike(0), alike(1), alike(2), alike(4), alike(8), alike(64), alike(1024), absurd, nothing];
    for report in &reports {
        for width in [0, 200, 333, 1000, 2000, u32::MAX] {
            for height in [0, 20, 160, 320, u32::MAX] {
                let size = Size { width, height };
                for drawing in [ranks(report, size, &Theme::LIGHT, Units::Binary), strip(report, size, &Theme::DARK)] {
                    assert!(drawing.svg.starts_with("<svg ") && drawing.svg.ends_with("</svg>\n"));
                    assert!(
                        !drawing.svg.contains("NaN") && !drawing.svg.contains("inf") && !drawing.svg.contains("=\"-")
                    );
                    let size = size.limited();
                    assert!(drawing.capacity <= size.width.max(size.height));
                    for hit in &drawing.hits {
                        assert!(hit.x + hit.width <= size.width && hit.y + hit.height <= size.height);
                    }
                }
            }
        }
        let size = Size { width: 640, height: 320 };
        let drawing = ranks(report, size, &Theme::LIGHT, Units::Binary);
        assert_eq!(heights(&drawing, size).len(), drawing.bars.len());
        assert!(
            (20..size.height - 28).contains(&drawing.capacity) || report.ranks.iter().all(|rank| rank.total.0 == 0)
        );
    }
}

#[test]
fn keys_and_labels_are_the_contributors() {
    assert_eq!(
        Segment::ALL[..6].iter().map(|segment| segment.key()).collect::<Vec<_>>(),
        Contributor::ALL.map(Contributor::key)
    );
    assert_eq!((Segment::Free.key(), Segment::Free.label()), ("free", "Free"));
}
