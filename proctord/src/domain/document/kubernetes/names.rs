//! Which texts Kubernetes takes for keys and values of labels, for keys of annotations, and for names of objects.

const NAME_LIMIT: usize = 63;
const DNS_LIMIT: usize = 253;

/// What is wrong with the key of a label: a name, if need be with a DNS name and `/` before it.
pub(super) fn key_mistake(key: &str) -> Option<&'static str> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix.is_some_and(|prefix| !is_dns_name(prefix)) {
        Some("must have a DNS name such as example.org before its /")
    } else if !is_name(name) {
        Some(
            "must be 1 to 63 letters, digits, `-`, `_` and `.` that begin and end with a letter or digit, \
             if need be after a DNS name and a /",
        )
    } else {
        None
    }
}

/// What is wrong with the value of a label.
pub(super) fn value_mistake(value: &str) -> Option<&'static str> {
    let message = "must be empty, or up to 63 letters, digits, `-`, `_` and `.` that begin and end with a letter or digit";
    (!value.is_empty() && !is_name(value)).then_some(message)
}

/// What is wrong with the name of an object.
pub(crate) fn dns_mistake(name: &str) -> Option<&'static str> {
    let message = "must be a name as Kubernetes has them: 1 to 253 lower-case letters, digits, `-` and `.`, \
                   each part between dots beginning and ending with a letter or digit";
    (!is_dns_name(name)).then_some(message)
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.len() <= NAME_LIMIT && text.bytes().all(fits) && has_sound_ends(text)
}

fn is_dns_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_sound = |part: &str| part.bytes().all(fits) && has_sound_ends(part);
    text.len() <= DNS_LIMIT && text.split('.').all(is_sound)
}

fn has_sound_ends(text: &str) -> bool {
    let is_sound = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_sound(text.as_bytes().first()) && is_sound(text.as_bytes().last())
}

#[cfg(test)]
mod tests {
    use super::{dns_mistake, key_mistake, value_mistake};

    #[test]
    fn keys_are_names_with_or_without_a_domain() {
        let longest = "k".repeat(63);
        for key in [
            "a",
            "disk",
            "A_b.c-9",
            "example.org/team",
            "k8s.io/a",
            &longest,
            &format!("{}/{longest}", "d".repeat(253)),
        ] {
            assert_eq!(key_mistake(key), None, "{key}");
        }
        for key in [
            "",
            "/",
            "a/",
            "/a",
            "a/b/c",
            "-a",
            "a-",
            "a b",
            "ä",
            "Example.org/a",
            "a..b/c",
            "a_b/c",
            &format!("{longest}k"),
            &format!("{}/a", "d".repeat(254)),
        ] {
            assert!(key_mistake(key).is_some(), "{key}");
        }
    }

    #[test]
    fn values_may_be_empty_but_not_long_or_odd() {
        let longest = "v".repeat(63);
        for value in ["", "true", "1.10", "A_b", &longest] {
            assert_eq!(value_mistake(value), None, "{value}");
        }
        for value in ["a/b", ".a", "a.", "a b", "ü", &format!("{longest}v")] {
            assert!(value_mistake(value).is_some(), "{value}");
        }
    }

    #[test]
    fn objects_have_names_as_in_the_dns() {
        for name in ["default", "reg.example.org", "a-1", "0"] {
            assert_eq!(dns_mistake(name), None, "{name}");
        }
        for name in [
            "",
            "Default",
            "a_b",
            "-a",
            "a-",
            ".a",
            "a.",
            "a..b",
            "a.-b",
            &"a".repeat(254),
        ] {
            assert!(dns_mistake(name).is_some(), "{name}");
        }
    }
}
