//! A web server to try the built site behind.

use super::apt::apt_unpack;
use crate::{paths, process};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

const WHY: &str = "the site is tested behind it, with hosting/nginx.conf";
/// The second is what sends files that brotli has compressed.
const PACKAGES: [&str; 2] = ["nginx", "libnginx-mod-http-brotli-static"];

/// The server's program: the one that the variable NGINX names, or one on this machine, or Debian's. The last is only
/// unpacked, because an installed one would run as a service from then on.
pub fn nginx() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("NGINX").map(PathBuf::from) {
        return works(&named)
            .then_some(named.clone())
            .with_context(|| format!("the variable NGINX names {}, which does not run", named.display()));
    }
    let folder = paths::cache()?.join("nginx");
    let unpacked = folder.join("usr/sbin/nginx");
    // Debian keeps it where not every user looks.
    let on_path = which::which("nginx").into_iter().chain([PathBuf::from("/usr/sbin/nginx")]);
    if let Some(found) = on_path.chain([unpacked.clone()]).find(|program| works(program)) {
        return Ok(found);
    }
    apt_unpack(&PACKAGES, &folder, "nginx", WHY)?;
    works(&unpacked).then_some(unpacked).context(
        "an nginx was unpacked but does not run. Install nginx by this system's own means, and name its program in the \
         variable NGINX",
    )
}

fn works(program: &Path) -> bool {
    // It prints its version as an error would be.
    program.is_file() && process::output(&mut process::command(program, ["-v"])).is_some()
}
