//! The native command: estimates and searches for terminals and pipelines.

#[cfg(not(target_arch = "wasm32"))]
mod command;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    command::run()
}

/// WebAssembly has no command line; this lets a build of every target succeed there.
#[cfg(target_arch = "wasm32")]
fn main() {}
