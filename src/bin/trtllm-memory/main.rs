//! The native command: the answer to a link in a terminal or a pipeline, and the catalogues.

#[cfg(not(target_arch = "wasm32"))]
mod command;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    command::run()
}

/// The tests in WebAssembly build every target; a command has no part there.
#[cfg(target_arch = "wasm32")]
fn main() {}
