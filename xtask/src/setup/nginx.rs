//! The web server that serves the built site in tests.

use super::apt::apt_unpack;
use crate::{paths, process};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

const WHY: &str = "it serves the site in tests, with hosting/nginx.conf";
/// The second package sends files that were compressed by brotli.
const PACKAGES: [&str; 2] = ["nginx", "libnginx-mod-http-brotli-static"];

/// Returns the program of the server: the one in the variable NGINX, an installed one, or Debian's.
/// The last is only unpacked, because Debian would run an installed one as a service.
pub fn nginx() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("NGINX").map(PathBuf::from) {
        return works(&named)
            .then_some(named.clone())
            .with_context(|| format!("the variable NGINX contains {}, which does not run", named.display()));
    }
    let folder = paths::cache()?.join("nginx");
    let unpacked = folder.join("usr/sbin/nginx");
    // Debian installs it in a folder that is not in the PATH of every user.
    let on_path = which::which("nginx").into_iter().chain([PathBuf::from("/usr/sbin/nginx")]);
    if let Some(found) = on_path.chain([unpacked.clone()]).find(|program| works(program)) {
        return Ok(found);
    }
    apt_unpack(&PACKAGES, &folder, "nginx", WHY)?;
    works(&unpacked).then_some(unpacked).context(
        "nginx was unpacked but does not run. Install nginx with this system's package manager, and set the variable \
         NGINX to its program",
    )
}

fn works(program: &Path) -> bool {
    // It prints its version to standard error.
    program.is_file() && process::output(&mut process::command(program, ["-v"])).is_some()
}
