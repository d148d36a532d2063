use super::{AllowedHosts, TargetError, lane, parse};

fn allowed(text: &str) -> AllowedHosts {
    text.parse().unwrap()
}

fn admits(list: &str, target: &str) -> bool {
    allowed(list).admit(target).is_ok()
}

#[test]
fn a_target_is_a_url_with_a_host_and_without_credentials() {
    for wrong in [
        "",
        "hooks.example.com",
        "ftp://hooks.example.com/",
        "http://",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\n",
        "javascript:alert(1)",
    ] {
        assert_eq!(parse(wrong), Err(TargetError::NoUrl), "{wrong:?}");
    }
    let long = format!("https://h.example/{}", "x".repeat(2048));
    assert_eq!(parse(&long), Err(TargetError::NoUrl));
    for wrong in ["https://ann@h.example/", "https://ann:pw@h.example/"] {
        assert_eq!(parse(wrong), Err(TargetError::Credentials), "{wrong}");
    }
    assert!(parse("https://hooks.example.com:8443/done?id=1").is_ok());
}

#[test]
fn nothing_is_allowed_that_is_not_named() {
    assert!(!admits("", "https://hooks.example.com/"));
    let list = "hooks.example.com, *.corp.example, ci.example:8080";
    for good in [
        "https://hooks.example.com/",
        "http://hooks.example.com:9999/x",
        "https://HOOKS.example.com/",
        "https://a.corp.example/",
        "https://a.b.corp.example/",
        "http://ci.example:8080/",
    ] {
        assert!(admits(list, good), "{good}");
    }
    for bad in [
        "https://example.com/",
        "https://xhooks.example.com/",
        "https://hooks.example.com.evil.example/",
        "https://corp.example/",
        "https://xcorp.example/",
        "http://ci.example/",
        "http://ci.example:8081/",
        "https://evil.example\\@hooks.example.com/",
        "https://evil.example/?hooks.example.com",
    ] {
        assert!(!admits(list, bad), "{bad}");
    }
}

#[test]
fn an_inner_address_must_be_named_itself() {
    for (list, target, is_admitted) in [
        ("*", "https://hooks.example.com/", true),
        ("*", "http://8.8.8.8/", true),
        ("*", "http://127.0.0.1/", false),
        ("*", "http://2130706433/", false),
        ("*", "http://0x7f.1/", false),
        ("*", "http://[::1]/", false),
        ("*", "http://[::ffff:169.254.169.254]/", false),
        ("127.0.0.1", "http://127.0.0.1:8080/", true),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/", true),
        ("127.0.0.1:8080", "http://127.0.0.1:8081/", false),
        ("*, 127.0.0.1:8080", "http://127.0.0.1:8081/", false),
        ("*, hooks.example:8080", "http://hooks.example:8080/", true),
        ("*, hooks.example:8080", "http://hooks.example:9090/", false),
        ("[::1]:80", "http://[::1]/", true),
        ("[::1]", "http://[::1]:7/", true),
    ] {
        assert_eq!(admits(list, target), is_admitted, "{list}: {target}");
    }
    let inner = "10.0.0.1".parse().unwrap();
    let list = allowed("*.example.com, hooks.example.com");
    assert!(list.admits_address("hooks.example.com", None, inner));
    assert!(!list.admits_address("other.example.com", None, inner));
}

#[test]
fn what_is_no_host_is_told() {
    for wrong in ["host:port", "a b", "http://x", "*.", "x:99999", "::1"] {
        assert!(wrong.parse::<AllowedHosts>().is_err(), "{wrong}");
    }
}

#[test]
fn one_host_and_port_is_one_lane() {
    let one = lane("https://hooks.example.com/a");
    assert_eq!(one, lane("https://hooks.example.com:443/b?c"));
    assert_ne!(one, lane("http://hooks.example.com/a"));
    assert_ne!(one, lane("https://other.example.com/a"));
}
