//! What of the service's environment a plugin gets: what every program needs, and what is a plugin's own setting. The
//! service's settings, keys and passwords among them, and the credentials of the machine are none of its business.

use std::ffi::{OsStr, OsString};

/// What programs and the libraries they use look at, whatever they do.
const EVERYBODYS: [&str; 22] = [
    "ALL_PROXY",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "RUST_BACKTRACE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "TZDIR",
    "USER",
    "all_proxy",
    "https_proxy",
    "no_proxy",
];

/// What a plugin's own settings have in their names: `GATE_PLUGIN_HOST`, `TOKEN_PLUGIN_FILE`.
const OF_PLUGINS: &str = "_PLUGIN_";
/// What the service's own have, `PROCTOR_AUTH_PLUGIN_BINARY` among them.
const OF_THE_SERVICE: &str = "PROCTOR_";

/// The variables that a plugin gets.
pub(super) fn for_plugins() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| is_for_plugins(name))
}

fn is_for_plugins(name: &OsStr) -> bool {
    // What is no text is nobody's setting.
    let Some(name) = name.to_str() else {
        return false;
    };
    let is_everybodys = EVERYBODYS.contains(&name) || name.starts_with("LC_");
    let is_of_plugins = name.contains(OF_PLUGINS) && !name.starts_with(OF_THE_SERVICE);
    is_everybodys || is_of_plugins
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::is_for_plugins;

    #[test]
    fn a_plugin_gets_its_own_settings_and_what_every_program_needs() {
        for name in [
            "TOKEN_PLUGIN_FILE",
            "GATE_PLUGIN_HOST",
            "MY_OWN_PLUGIN_SECRET",
            "PATH",
            "HTTPS_PROXY",
            "LC_ALL",
        ] {
            assert!(is_for_plugins(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn the_service_s_settings_and_the_machine_s_credentials_are_not_for_plugins() {
        for name in [
            "PROCTOR_SECRET_KEYS",
            "PROCTOR_DATABASE_URL",
            "PROCTOR_AUTH_PLUGIN_BINARY",
            "AWS_SECRET_ACCESS_KEY",
            "KUBECONFIG",
            "PGPASSWORD",
            "LD_PRELOAD",
            "CONFIG_LOCATION",
        ] {
            assert!(!is_for_plugins(OsStr::new(name)), "{name}");
        }
    }
}
