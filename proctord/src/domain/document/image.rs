//! The form of an image reference, as container runtimes read it: `[host[:port]/]path[:tag][@digest]`. Whether there
//! is such an image is for the cluster to find out.

/// The longest name, without tag and digest.
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

/// What no runtime would take about the reference, if there is something.
pub(super) fn mistake(reference: &str) -> Option<&'static str> {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Some("must have a digest of the form sha256:<hex digits> behind its @");
    }
    let (name, tag) = match rest.rsplit_once(':') {
        // What is before a slash is the port of a host.
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Some("must have a tag of letters, digits, '_', '.' and '-', 128 at most");
    }
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if is_meant_as_host(host) => (Some(host), path),
        _ => (None, name),
    };
    if host.is_some_and(|host| !is_host(host)) {
        return Some("must begin with the name of a registry, and its port if it has one");
    }
    if name.len() > LONGEST_NAME || !path.split('/').all(is_component) {
        return Some(
            "must be a name of an image: lower-case letters and digits, between them '.', '_', '__' or '-', in parts \
             with '/' between",
        );
    }
    None
}

fn is_meant_as_host(first: &str) -> bool {
    let upper = |character: char| character.is_ascii_uppercase();
    first == "localhost" || first.contains(['.', ':']) || first.contains(upper)
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if !port.is_none_or(is_port) {
        return false;
    }
    if let Some(address) = name.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        return address.parse::<core::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        let within = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.bytes().all(within)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(is_label)
}

/// Lower-case words with `.`, `_`, `__` or any number of `-` between them.
fn is_component(component: &str) -> bool {
    let is_word = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    if !component.starts_with(is_word) || !component.ends_with(is_word) {
        return false;
    }
    let between = component.split(is_word).filter(|part| !part.is_empty());
    between.into_iter().all(|separator| {
        matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
    })
}

fn is_tag(tag: &str) -> bool {
    let within = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=LONGEST_TAG).contains(&tag.len())
        && tag.bytes().all(within)
        && !tag.starts_with(['.', '-'])
}

fn is_digest(digest: &str) -> bool {
    const SHORTEST: usize = 32;
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return false;
    };
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    algorithm.split(['+', '.', '-', '_']).all(is_part)
        && hex.len() >= SHORTEST
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::mistake;

    #[test]
    fn what_runtimes_take_is_taken() {
        let digest = format!("registry.example/a/b@sha256:{}", "0a".repeat(32));
        let both = format!("a:1@sha256:{}", "0a".repeat(32));
        for reference in [
            "busybox",
            "busybox:1.36",
            "proctor/say-hello-world:latest",
            "localhost:5000/a__b/c--d.e_f:V_1.2-x",
            "localhost/a",
            "Registry.Example:443/a",
            "[::1]:5000/a:1",
            "192.168.0.1/a",
            digest.as_str(),
            both.as_str(),
        ] {
            assert_eq!(mistake(reference), None, "{reference}");
        }
    }

    #[test]
    fn what_no_runtime_takes_is_told() {
        let long = "a".repeat(256);
        for (reference, word) in [
            ("Busy Box:::1", "name"),
            ("Busybox", "name"),
            ("a b", "name"),
            ("a//b", "name"),
            ("/a", "name"),
            ("a/", "name"),
            ("a..b", "name"),
            ("a___b", "name"),
            ("-a", "name"),
            ("", "name"),
            (long.as_str(), "name"),
            ("a:", "tag"),
            ("a:b c", "tag"),
            ("a:-b", "tag"),
            ("a@sha256:12", "digest"),
            ("a@", "digest"),
            ("host:port/a", "registry"),
            ("under_score.example/a", "registry"),
        ] {
            let told = mistake(reference).unwrap_or_default();
            assert!(told.contains(word), "{reference}: {told:?}");
        }
    }
}
