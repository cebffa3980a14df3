//! The colors of the charts, and of the swatches beside them.

use super::Segment;
use crate::memory::Contributor;
use std::fmt;

/// A color, `0xRRGGBB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u32);

impl Color {
    /// The red, green and blue components.
    pub fn rgb(self) -> (u8, u8, u8) {
        let [_, red, green, blue] = self.0.to_be_bytes();
        (red, green, blue)
    }
}

/// In CSS notation: `#3b5b92`.
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06x}", self.0)
    }
}

/// The colors of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// The background, also between the segments.
    pub paper: Color,
    /// The capacity, and names.
    pub ink: Color,
    /// The labels of the axes.
    pub faint: Color,
    /// The grid lines at the ticks.
    pub grid: Color,
    /// The contributors, in the order of [`Contributor::ALL`].
    pub contributors: [Color; 6],
    /// Free memory.
    pub free: Color,
    /// The names on the contributors, in the order of [`Contributor::ALL`]; `None` if no color can
    /// be read on one.
    pub names: [Option<Color>; 6],
    /// Missing memory.
    pub bad: Color,
}

impl Theme {
    /// Dark colors on white.
    pub const LIGHT: Theme = Theme {
        paper: Color(0xfbfbfa),
        ink: Color(0x1b1d20),
        faint: Color(0x626870),
        grid: Color(0xe7e8ea),
        contributors: [
            Color(0x3b5b92),
            Color(0x86b2cf),
            Color(0xc9a227),
            Color(0xe0c97f),
            Color(0x529360),
            Color(0x7d7689),
        ],
        free: Color(0xecedef),
        names: names(Color(0xffffff), Color(0x08140b), Color(0x16202a)),
        bad: Color(0xb3261e),
    };

    /// Light colors on black.
    pub const DARK: Theme = Theme {
        paper: Color(0x131416),
        ink: Color(0xe9eaec),
        faint: Color(0x989ea7),
        grid: Color(0x25272b),
        contributors: [
            Color(0x6f90d0),
            Color(0xa6d0e6),
            Color(0xd9b84a),
            Color(0xeddb9c),
            Color(0x7fbd8b),
            Color(0x837d90),
        ],
        free: Color(0x26292d),
        names: names(Color(0x0c1118), Color(0x0a130c), Color(0x10151a)),
        bad: Color(0xff9c93),
    };

    /// The color of a contributor.
    pub fn contributor(&self, contributor: Contributor) -> Color {
        self.contributors[contributor as usize]
    }

    /// The color of a segment.
    pub fn segment(&self, segment: Segment) -> Color {
        match segment {
            Segment::Contributor(contributor) => self.contributor(contributor),
            Segment::Free => self.free,
        }
    }

    /// The color of a segment's name inside it; `None` if none can be read there.
    pub fn name_on(&self, segment: Segment) -> Option<Color> {
        match segment {
            Segment::Contributor(contributor) => self.names[contributor as usize],
            Segment::Free => Some(self.faint),
        }
    }
}

/// The colors of names on the weights, on the KV cache and on the light contributors. On the
/// overhead neither white nor black has enough contrast.
const fn names(on_weights: Color, on_kv_cache: Color, on_light: Color) -> [Option<Color>; 6] {
    [Some(on_weights), Some(on_light), Some(on_light), Some(on_light), Some(on_kv_cache), None]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    type Linear = [f64; 3];

    fn linear(color: Color) -> Linear {
        let (red, green, blue) = color.rgb();
        [red, green, blue].map(|channel| (f64::from(channel) / 255.0).powf(2.2))
    }

    fn times(matrix: &[Linear; 3], color: Linear) -> Linear {
        matrix.map(|row| row.iter().zip(color).map(|(a, b)| a * b).sum::<f64>().max(0.0))
    }

    /// CIE L*a*b*, in which equal distances look equal (white point D65).
    fn lab(color: Linear) -> Linear {
        let xyz = times(&[[0.4338, 0.3763, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]], color);
        let [x, y, z] = xyz.map(f64::cbrt);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn distance(a: Linear, b: Linear) -> f64 {
        lab(a).iter().zip(lab(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    /// The matrices of common vision, and of vision without red, green or blue receptors (Machado,
    /// Oliveira and Fernandes 2009).
    const EYES: [[Linear; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];

    #[test]
    fn every_eye_tells_the_segments_apart() {
        for theme in [Theme::LIGHT, Theme::DARK] {
            let colors: Vec<Color> = Segment::ALL.into_iter().map(|segment| theme.segment(segment)).collect();
            for (eye, matrix) in EYES.iter().enumerate() {
                for (index, a) in colors.iter().enumerate() {
                    for b in &colors[index + 1..] {
                        let seen = distance(times(matrix, linear(*a)), times(matrix, linear(*b)));
                        assert!(seen >= 12.0, "{a} and {b}, eye {eye}: {seen:.1}");
                    }
                }
            }
        }
    }

    #[test]
    fn paper_has_a_pattern_for_every_contributor() {
        let (print, page) = (include_str!("../../style/print.css"), include_str!("../../index.html"));
        for contributor in Contributor::ALL {
            let [light, dark] = [Theme::LIGHT, Theme::DARK].map(|theme| theme.contributor(contributor));
            let pattern = format!("pattern-{}", contributor.key());
            let swatch = format!(".sw.c-{} rect", contributor.key());
            let filled =
                format!("[fill=\"{light}\" i],\n[fill=\"{dark}\" i],\n{swatch} {{\n  fill: url(\"#{pattern}\");");
            let ground = format!("#{pattern} {{\n  color: {light};");
            assert!(print.contains(&filled) && print.contains(&ground), "{pattern}");
            assert!(page.contains(&format!("<pattern id=\"{pattern}\"")), "{pattern}");
        }
    }

    #[test]
    fn a_dark_chart_is_printed_in_light_colors() {
        let print = include_str!("../../style/print.css");
        let roles = |theme: Theme| [theme.paper, theme.ink, theme.faint, theme.grid, theme.free, theme.bad];
        let (light, dark) = (roles(Theme::LIGHT), roles(Theme::DARK));
        for (light, dark) in light.iter().zip(dark) {
            assert!(print.contains(&format!("[fill=\"{dark}\" i] {{\n  fill: {light};")), "{dark}");
        }
        // A light chart is printed with the same rules.
        assert!(light.iter().all(|color| !dark.contains(color)));
    }

    /// The contrast of two colors as WCAG 2 defines it.
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |color: Color| {
            let (red, green, blue) = color.rgb();
            let linear = |channel: u8| match f64::from(channel) / 255.0 {
                dark if dark <= 0.04045 => dark / 12.92,
                channel => ((channel + 0.055) / 1.055).powf(2.4),
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) + 0.05
        };
        let (a, b) = (luminance(a), luminance(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn labels_can_be_read_on_the_paper() {
        for theme in [Theme::LIGHT, Theme::DARK] {
            for color in [theme.ink, theme.faint, theme.bad] {
                assert!(contrast(theme.paper, color) >= 4.5, "{color}");
            }
        }
    }

    #[test]
    fn names_can_be_read_on_their_segments() {
        assert!((contrast(Color(0xffffff), Color(0)) - 21.0).abs() < 1e-9);
        for theme in [Theme::LIGHT, Theme::DARK] {
            for segment in Segment::ALL {
                if let Some(color) = theme.name_on(segment) {
                    let contrast = contrast(theme.segment(segment), color);
                    assert!(contrast >= 4.5, "{color} on {}: {contrast}", segment.label());
                }
            }
        }
    }

    #[test]
    fn colors_are_written_as_in_css() {
        assert_eq!(Theme::LIGHT.contributor(Contributor::Weights).to_string(), "#3b5b92");
        assert_eq!(Color(0x00000f).to_string(), "#00000f");
    }
}
