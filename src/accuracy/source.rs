//! The address of a measurement's publication.

/// Returns the address of a source such as `NVIDIA/TensorRT-LLM#1188 (2024-11-21)`,
/// `owner/repository:path` or `https://…`. `None` if the source names no address.
///
/// ```
/// use trtllm_memory::accuracy::url;
/// let address = url("NVIDIA/TensorRT-LLM#1188 (2024-11-21)");
/// assert_eq!(address.as_deref(), Some("https://github.com/NVIDIA/TensorRT-LLM/issues/1188"));
/// assert_eq!(url("public build notes"), None);
/// ```
pub fn url(source: &str) -> Option<String> {
    let first = source.split_whitespace().next()?;
    if first.starts_with("https://") {
        return Some(first.to_string());
    }
    let is_name = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let is_repository = |text: &str| text.split_once('/').is_some_and(|(owner, name)| is_name(owner) && is_name(name));
    if let Some((repository, number)) = first.split_once('#') {
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        return (is_repository(repository) && !digits.is_empty())
            .then(|| format!("https://github.com/{repository}/issues/{digits}"));
    }
    if let Some((repository, path)) = first.split_once(':') {
        let is_path = path.split('/').all(is_name);
        return (is_repository(repository) && is_path)
            .then(|| format!("https://github.com/{repository}/blob/HEAD/{path}"));
    }
    is_repository(first).then(|| format!("https://github.com/{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn issues_files_and_repositories_have_addresses() {
        let file = url("owner/name:results/a.txt (+docs)").unwrap();
        assert_eq!(file, "https://github.com/owner/name/blob/HEAD/results/a.txt");
        assert_eq!(url("https://example.org/x y").unwrap(), "https://example.org/x");
        assert_eq!(url("NVIDIA/TensorRT-LLM docs").unwrap(), "https://github.com/NVIDIA/TensorRT-LLM");
    }

    #[test]
    fn other_sources_have_no_address() {
        for source in
            ["", "a public repository", "http://example.org", "owner/name#", "javascript:alert(1)", "a/b:\"><x"]
        {
            assert_eq!(url(source), None, "{source}");
        }
    }
}
