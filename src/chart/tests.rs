use super::svg::texts;
use super::*;
use crate::architecture;
use crate::deployment::{Deployment, Parallelism};
use crate::memory::{Contributor, Rank, Report, StartPhase, StartUp, Temporary, Verdict, estimate};
use crate::units::{Bytes, Units};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const WIDE: u32 = 960;
const NARROW: u32 = 328;

fn report(deployment: &Deployment) -> Report {
    estimate(deployment).unwrap()
}

/// A report of ranks that hold the given GiB more weights, and less free memory.
fn uneven(more: &[u64]) -> Report {
    let mut report = report(&Deployment::engine());
    let rank = report.ranks[0].clone();
    report.ranks = (0..).zip(more).map(|(number, _)| Rank { rank: number, ..rank.clone() }).collect();
    for (rank, more) in report.ranks.iter_mut().zip(more) {
        let more = Bytes(more << 30);
        rank.contributors[0].bytes += more;
        rank.free = rank.free - more;
    }
    report
}

fn drawn(report: &Report, width: u32) -> Drawing {
    ranks(report, width, &Theme::LIGHT, Units::Binary)
}

fn labels(drawing: &Drawing) -> Vec<&str> {
    drawing.bars.iter().map(|bar| bar.label.as_str()).collect()
}

/// The value of an attribute of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> &'t str {
    let value = tag.split_once(&format!(" {name}=\"")).unwrap().1;
    value.split_once('"').unwrap().0
}

fn number(tag: &str, name: &str) -> u32 {
    attribute(tag, name).parse().unwrap()
}

/// The segments of a picture.
fn segments(svg: &str) -> Vec<&str> {
    svg.lines().filter(|line| line.starts_with("<rect class=\"segment\"")).collect()
}

/// Checks that the boxes of each horizontal bar touch, from the left to the right. Returns the
/// length and the height of each bar.
fn bars(drawing: &Drawing) -> Vec<(u32, u32)> {
    let bar = |(bar, _)| {
        let hits: Vec<&Hit> = drawing.hits.iter().filter(|hit| hit.bar == bar).collect();
        for pair in hits.windows(2) {
            assert_eq!(pair[0].x + pair[0].width, pair[1].x);
            assert_eq!((pair[0].y, pair[0].height), (pair[1].y, pair[1].height));
        }
        assert!(hits.iter().all(|hit| hit.width >= 2 && hit.y + hit.height <= drawing.height));
        (hits.iter().map(|hit| hit.width).sum(), hits[0].height)
    };
    drawing.bars.iter().enumerate().map(bar).collect()
}

#[test]
fn the_default_deployment_looks_as_it_did() {
    let drawing = drawn(&report(&Deployment::engine()), 480);
    assert_eq!(drawing.svg, include_str!("../../tests/fixtures/ranks.svg"));
}

#[test]
fn segments_are_as_long_as_their_bytes() {
    let report = report(&Deployment::engine());
    let drawing = drawn(&report, WIDE);
    let rank = &report.ranks[0];
    assert_eq!(bars(&drawing), [(WIDE, 48)]);
    assert_eq!((drawing.height, drawing.capacity), (72, WIDE));
    for hit in &drawing.hits {
        let expected = hit.segment.bytes(rank).share_of(rank.total) * f64::from(WIDE);
        // A long segment gives pixels to the small ones, so that these are visible.
        assert!((f64::from(hit.width) - expected).abs() <= 6.0, "{}: {expected}", hit.segment.label());
    }
    let order: Vec<Segment> = drawing.hits.iter().map(|hit| hit.segment).collect();
    assert_eq!(order, Segment::ALL);
}

#[test]
fn what_takes_nothing_has_no_box() {
    let mut report = uneven(&[0]);
    report.ranks[0].contributors[Contributor::DecoderBuffers as usize].bytes = Bytes::ZERO;
    let drawing = drawn(&report, WIDE);
    assert_eq!(drawing.hits.len(), 6);
    assert!(drawing.hits.iter().all(|hit| hit.segment != Segment::Contributor(Contributor::DecoderBuffers)));
}

#[test]
fn a_pointer_a_keyboard_and_a_screen_reader_find_the_segments() {
    let report = uneven(&[1, 0]);
    let drawing = drawn(&report, WIDE);
    let segments = segments(&drawing.svg);
    assert_eq!(segments.len(), drawing.hits.len());
    for (tag, hit) in segments.iter().zip(&drawing.hits) {
        assert_eq!((number(tag, "data-bar"), attribute(tag, "data-segment")), (hit.bar as u32, hit.segment.key()));
        // A pixel of paper is between two segments.
        let gap = u32::from(hit.segment != Segment::Contributor(Contributor::Weights));
        assert_eq!((number(tag, "x"), number(tag, "width")), (hit.x + gap, hit.width - gap));
        assert_eq!((number(tag, "y"), number(tag, "height")), (hit.y, hit.height));
    }
    let tab_stops: Vec<&str> = segments.iter().map(|tag| attribute(tag, "tabindex")).collect();
    assert_eq!(tab_stops[0], "0");
    assert!(tab_stops[1..].iter().all(|index| *index == "-1"));
    // 16.02 of 79.18 GiB.
    assert_eq!(attribute(segments[0], "aria-label"), "Weights, GPU 0: 16.02 GiB, 20 %");
    assert!(drawing.svg.lines().filter(|line| line.starts_with("<text")).all(|tag| tag.contains("aria-hidden")));
}

#[test]
fn names_are_only_where_they_have_room_and_can_be_read() {
    let models = ["meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.3-70B-Instruct", "Qwen/Qwen3-32B"];
    let mut names = 0;
    for (model, width, theme) in models
        .into_iter()
        .flat_map(|model| [(model, WIDE, Theme::LIGHT), (model, 500, Theme::DARK), (model, NARROW, Theme::LIGHT)])
    {
        let model = architecture::find(model).unwrap().into();
        let report = report(&Deployment { model, ..Deployment::engine() });
        let drawing = ranks(&report, width, &theme, Units::Binary);
        let lines: Vec<&str> = drawing.svg.lines().collect();
        for (at, tag) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("<text class=\"name\"")) {
            names += 1;
            let x = number(tag, "x");
            let hit = drawing.hits.iter().find(|hit| hit.x < x && x < hit.x + hit.width).unwrap();
            assert_eq!(lines[at + 1], hit.segment.label());
            let color = theme.name_on(hit.segment).unwrap();
            assert_eq!(attribute(tag, "fill"), color.to_string().to_uppercase());
            let size = Some(lines[at + 3]).filter(|_| lines[at + 2].starts_with("<tspan")).unwrap_or_default();
            let percent = 100.0 * f64::from(hit.width) / f64::from(width);
            assert!(percent >= if size.is_empty() { 6.0 } else { 10.0 });
            // No letter of Helvetica Bold is narrower than 3.6 pixels.
            let least = (lines[at + 1].len() + size.len()) as u32 * 36 / 10;
            assert!(x + least + 10 <= hit.x + hit.width, "{tag}");
        }
    }
    assert!(names > 8, "{names}");
    let drawing = drawn(&report(&Deployment::engine()), WIDE);
    let named = |name: &str| drawing.svg.contains(&format!("\n{name}\n"));
    assert!(named("Weights") && named("15.02") && named("KV cache") && !named("Activations"));
}

#[test]
fn the_axis_has_round_numbers_and_ends_with_the_capacity() {
    for (width, ticks) in [(WIDE, &["0", "20", "40", "60"][..]), (NARROW, &["0", "20", "40"])] {
        let texts = texts_of_axis(&drawn(&report(&Deployment::engine()), width));
        let (last, others) = texts.split_last().unwrap();
        assert_eq!(last, "79.18 GiB capacity");
        assert_eq!(others, ticks, "{width}");
    }
    let decimal = ranks(&report(&Deployment::engine()), WIDE, &Theme::LIGHT, Units::Decimal);
    assert_eq!(texts_of_axis(&decimal).last().unwrap(), "85.02 GB capacity");
}

/// The texts below the bars.
fn texts_of_axis(drawing: &Drawing) -> Vec<String> {
    let bottom = drawing.hits.iter().map(|hit| hit.y + hit.height).max().unwrap();
    let lines: Vec<&str> = drawing.svg.lines().collect();
    let tags = lines.iter().enumerate().filter(|(_, line)| line.starts_with("<text"));
    tags.filter(|(_, tag)| number(tag, "y") > bottom).map(|(at, _)| lines[at + 1].to_string()).collect()
}

#[test]
fn if_the_memory_does_not_suffice_the_bar_is_longer_than_the_capacity() {
    let model = architecture::find("meta-llama/Llama-3.3-70B-Instruct").unwrap();
    let report = report(&Deployment { model: model.into(), ..Deployment::engine() });
    assert!(matches!(report.verdict, Verdict::Fails { .. }));
    let rank = &report.ranks[0];
    let expected = rank.total.share_of(rank.used()) * f64::from(WIDE);
    for drawing in
        [drawn(&report, WIDE), strip(&report, Size { width: WIDE, height: 30 }, &Theme::LIGHT, Units::Binary)]
    {
        assert_eq!(bars(&drawing)[0].0, WIDE);
        assert!((f64::from(drawing.capacity) - expected).abs() <= 1.0);
        let dash = |line: &&str| {
            line.starts_with(&format!("<rect x=\"{}\"", drawing.capacity)) && line.contains("width=\"1\"")
        };
        assert!(drawing.svg.lines().filter(dash).count() > 1);
    }
    let axis = texts_of_axis(&drawn(&report, WIDE));
    assert!(axis.iter().any(|text| text == "79.18 GiB capacity") && !axis.contains(&"80".to_string()), "{axis:?}");
}

#[test]
fn a_strip_shows_the_rank_that_decides_from_end_to_end() {
    let mut report = uneven(&[0, 0, 1, 0]);
    report.kv_cache.tightest_rank = 2;
    let size = Size { width: 468, height: 20 };
    let drawing = strip(&report, size, &Theme::DARK, Units::Binary);
    assert_eq!((drawing.bars[0].shows, labels(&drawing)), (2, vec!["GPU 2"]));
    assert_eq!((bars(&drawing), drawing.height), (vec![(468, 20)], 20));
    assert!(drawing.svg.contains("\nKV cache\n"));
    let thin = strip(&report, Size { height: 19, ..size }, &Theme::DARK, Units::Binary);
    assert!(!thin.svg.contains("<text"));
}

#[test]
fn each_kind_of_rank_has_a_bar_and_the_fullest_is_first_and_tallest() {
    let drawing = drawn(&uneven(&[1, 2, 2, 2, 2, 2, 2, 0]), WIDE);
    assert_eq!(labels(&drawing), ["GPU 1–6", "GPU 0", "GPU 7"]);
    let counts: Vec<(usize, u64)> = drawing.bars.iter().map(|bar| (bar.count, bar.shows)).collect();
    assert_eq!(counts, [(6, 1), (1, 0), (1, 7)]);
    let length = WIDE - 104;
    assert_eq!(bars(&drawing), [(length, 42), (length, 22), (length, 22)]);
    let tops: Vec<u32> = (0..3).map(|bar| drawing.hits.iter().find(|hit| hit.bar == bar).unwrap().y).collect();
    assert_eq!(tops, [0, 42 + 8, 42 + 8 + 22 + 8]);
    assert_eq!(drawing.height, 42 + 8 + 22 + 8 + 22 + 24);
    for text in ["GPU 1–6", "6 alike, fullest", "GPU 0", "GPU 7"] {
        assert!(drawing.svg.contains(&format!("\n{text}\n")), "{text}");
    }

    let narrow = drawn(&uneven(&[1, 2, 2, 2, 2, 2, 2, 0]), NARROW);
    assert_eq!(bars(&narrow), [(NARROW, 42), (NARROW, 22), (NARROW, 22)]);
    assert_eq!(narrow.height, drawing.height + 3 * 20);
}

#[test]
fn alike_ranks_share_one_bar_without_a_name() {
    assert_eq!(labels(&drawn(&uneven(&[0]), WIDE)), ["GPU 0"]);
    let drawing = drawn(&uneven(&[0; 8]), WIDE);
    assert_eq!((labels(&drawing), bars(&drawing)), (vec!["each of 8 GPUs alike"], vec![(WIDE, 48)]));
    assert!(!drawing.svg.contains("\nGPU") && !drawing.svg.contains("\nEach"));
}

#[test]
fn more_than_eight_kinds_are_merged_into_the_last_bar() {
    let eight = drawn(&uneven(&[0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7]), WIDE);
    assert_eq!(labels(&eight).len(), 8);
    assert!(eight.bars.iter().all(|bar| bar.alike));
    let drawing = drawn(&uneven(&[0, 1, 2, 3, 0, 4, 5, 6, 7, 8, 1]), WIDE);
    assert_eq!(labels(&drawing)[6..], ["GPU 2", "fullest of 4 more GPUs"]);
    let last = drawing.bars.last().unwrap();
    assert_eq!((last.count, last.shows, last.alike), (4, 1, false));
    assert!(drawing.svg.contains("\nFullest of 4\n"));
    assert!(attribute(segments(&drawing.svg).last().unwrap(), "aria-label").contains("fullest of 4 more GPUs"));
}

#[test]
fn sixty_four_gpus_are_few_bars_that_represent_all() {
    let parallel = Parallelism { tp_size: 8, pp_size: 8, ..Parallelism::default() };
    let report = report(&Deployment { parallel, ..Deployment::engine() });
    assert_eq!(report.ranks.len(), 64);
    for width in [WIDE, NARROW] {
        let drawing = drawn(&report, width);
        assert!((2..=8).contains(&drawing.bars.len()) && drawing.height < 460, "{}", drawing.height);
        assert_eq!(drawing.bars.iter().map(|bar| bar.count).sum::<usize>(), 64);
        let used = |bar: &Bar| report.ranks[bar.shows as usize].used();
        assert_eq!(used(&drawing.bars[0]), report.ranks.iter().map(Rank::used).max().unwrap());
        assert!(drawing.bars.windows(2).all(|pair| used(&pair[0]) >= used(&pair[1])));
        // Names to the left of the bars end before these.
        let names = texts_named(&drawing.svg, "bar-name");
        assert!(names.iter().all(|name| width == NARROW || name.chars().count() <= 16), "{names:?}");
    }
}

fn texts_named(svg: &str, class: &str) -> Vec<String> {
    let lines: Vec<&str> = svg.lines().collect();
    let start = format!("<text class=\"{class}\"");
    let tags = lines.iter().enumerate().filter(|(_, line)| line.starts_with(&start));
    tags.map(|(at, _)| lines[at + 1].to_string()).collect()
}

#[test]
fn a_poster_has_a_title_a_legend_and_paper() {
    let deployment = Deployment::engine();
    for width in [720, 300] {
        let svg = poster(&deployment, &report(&deployment), width, &Theme::LIGHT, Units::Binary);
        assert!(
            svg.starts_with(&format!("<svg width=\"{width}\""))
                && svg.contains(" role=\"img\" aria-label=\"meta-llama/")
        );
        assert!(svg.contains(&Theme::LIGHT.paper.to_string().to_uppercase()));
        assert!(svg.contains("\n79.18 GiB capacity\n"));
        let right = f64::from(width);
        assert!(texts(&svg).iter().all(|text| text.left() >= 0.0 && text.left() + text.width() <= right));
        for segment in Segment::ALL {
            assert!(svg.contains(&format!("\n{}\n", segment.label())), "{}", segment.label());
        }
        // The bars are inside the margin.
        assert!(segments(&svg).iter().all(|tag| number(tag, "x") >= 16 && number(tag, "x") < width - 16));
    }
}

fn phase(name: &'static str, held: &[(Contributor, f64)]) -> StartPhase {
    let held = held.iter().map(|(contributor, gib)| (*contributor, Bytes::from_gib(*gib))).collect();
    StartPhase { name, held, temporary: None, missing: Bytes::ZERO }
}

fn start(capacity: f64) -> StartUp {
    let weights = (Contributor::Weights, 30.0);
    let profiling = StartPhase {
        temporary: Some(Temporary {
            name: "trial run",
            contributor: Contributor::Activations,
            bytes: Bytes::from_gib(10.0),
        }),
        missing: Bytes::from_gib((40.0 - capacity).max(0.0)),
        ..phase("profiling", &[weights])
    };
    let phases =
        vec![phase("weights", &[weights]), profiling, phase("KV cache", &[weights, (Contributor::KvCache, 44.0)])];
    StartUp { capacity: Bytes::from_gib(capacity), phases }
}

const START: Size = Size { width: 372, height: 262 };

#[test]
fn columns_are_as_high_as_their_phases() {
    let drawing = start_up(&start(80.0), START, &Theme::LIGHT, Units::Binary);
    // The plot is 200 pixels high: 2.5 pixels a GiB.
    assert_eq!((drawing.capacity, drawing.hits.len()), (22, 5));
    let boxes: Vec<(usize, &str, u32, u32)> =
        drawing.hits.iter().map(|hit| (hit.bar, hit.segment.key(), hit.y, hit.height)).collect();
    assert_eq!(
        boxes,
        [
            (0, "weights", 147, 75),
            (1, "weights", 147, 75),
            (1, "activations", 122, 25),
            (2, "weights", 147, 75),
            (2, "kv_cache", 37, 110),
        ]
    );
    let tags = segments(&drawing.svg);
    assert_eq!(tags.len(), 5);
    assert!(attribute(tags[2], "aria-label").starts_with("trial run, profiling: 10.00 GiB, "));
    for text in ["capacity 80.00", "trial run", "profiling", "40.0", "74.0", "60"] {
        assert!(drawing.svg.contains(&format!("\n{text}\n")), "{text}");
    }
    assert!(!drawing.svg.contains("missing"));
}

#[test]
fn the_start_ends_in_the_phase_that_exceeds_the_capacity() {
    let drawing = start_up(&start(36.5), START, &Theme::DARK, Units::Binary);
    let bad = Theme::DARK.bad.to_string().to_uppercase();
    assert!(drawing.svg.contains(&format!("stroke=\"{bad}\"")) && drawing.svg.contains("\n3.5 missing\n"));
    // The axis ends with the 40 GiB of that phase; the start never reaches the next one.
    assert_eq!(drawing.capacity, 22 + 200 - (36.5 / 40.0 * 200.0_f64).floor() as u32);
    assert!(drawing.hits.iter().all(|hit| hit.bar < 2) && !drawing.svg.contains("\n74.0\n"));
}

#[test]
fn any_report_is_drawn_at_any_size() {
    let mut absurd = uneven(&[0; 3]);
    for figure in &mut absurd.ranks[1].contributors {
        figure.bytes = Bytes(u64::MAX);
    }
    absurd.ranks[2].total = Bytes(u64::MAX);
    let mut nothing = uneven(&[0]);
    for figure in &mut nothing.ranks[0].contributors {
        figure.bytes = Bytes::ZERO;
    }
    nothing.ranks[0].total = Bytes::ZERO;
    nothing.ranks[0].free = Bytes::ZERO;
    let many: Vec<u64> = (0..1024).map(|rank| rank % 50).collect();
    let deployment = Deployment::engine();
    for report in [uneven(&[]), uneven(&[0]), uneven(&[0, 1]), uneven(&many), absurd, nothing] {
        for width in [0, 120, 333, 559, 560, 2000, u32::MAX] {
            let drawing = drawn(&report, width);
            let poster = poster(&deployment, &report, width, &Theme::DARK, Units::Decimal);
            let strips = [0, 20, 160, u32::MAX]
                .map(|height| strip(&report, Size { width, height }, &Theme::DARK, Units::Decimal));
            for svg in strips.iter().map(|drawing| &drawing.svg).chain([&drawing.svg, &poster]) {
                assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
                assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("=\"-1\" y"), "{svg}");
            }
            let width = width.clamp(120, 8192);
            for drawing in strips.iter().chain([&drawing]) {
                assert!(drawing.capacity <= width);
                assert!(
                    drawing.hits.iter().all(|hit| hit.x + hit.width <= width && hit.y + hit.height <= drawing.height)
                );
            }
        }
    }
    let absurd = phase("weights", &[(Contributor::Weights, 1e10), (Contributor::KvCache, 1e-9)]);
    for phases in [Vec::new(), vec![absurd.clone()], vec![absurd; 12]] {
        for capacity in [0.0, 80.0] {
            let start = StartUp { capacity: Bytes::from_gib(capacity), phases: phases.clone() };
            for size in [0, 333, u32::MAX].map(|width| Size { width, height: width / 2 }) {
                let drawing = start_up(&start, size, &Theme::LIGHT, Units::Binary);
                assert!(drawing.svg.starts_with("<svg ") && drawing.svg.ends_with("</svg>\n"));
            }
        }
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
