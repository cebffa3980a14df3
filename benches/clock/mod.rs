//! A clock and line output, natively and in WebAssembly.

#[cfg(not(target_arch = "wasm32"))]
mod here {
    use std::sync::LazyLock;
    use std::time::Instant;

    /// Milliseconds since the first call.
    pub(crate) fn now() -> f64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed().as_secs_f64() * 1e3
    }

    pub(crate) fn say(line: &str) {
        println!("{line}");
    }
}

#[cfg(target_arch = "wasm32")]
mod here {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        /// Milliseconds since the start of the program.
        #[wasm_bindgen(js_namespace = performance)]
        pub fn now() -> f64;

        #[wasm_bindgen(js_namespace = console, js_name = log)]
        pub fn say(line: &str);
    }
}

pub(crate) use here::{now, say};
