//! Amounts in Kubernetes' notation: which texts are one, and which can be meant. It only checks; what is stored
//! and sent is the text itself.

/// A CPU is shared in thousandths.
const LEAST_CPU: f64 = 0.001;
/// What the cluster counts in: an amount beyond it would be cut off in silence.
#[expect(clippy::cast_precision_loss, reason = "a bound, not a count")]
const MOST: f64 = i64::MAX as f64;

/// What is wrong with an amount of CPU.
pub(super) fn cpu_mistake(text: &str) -> Option<&'static str> {
    match amount(text) {
        None => Some("must be a quantity such as 500m, 2 or 0.5"),
        Some(cpus) if cpus < LEAST_CPU => Some("must be at least 1m, a thousandth of a CPU"),
        Some(cpus) if cpus > MOST => Some("is more than Kubernetes can count"),
        Some(_) => None,
    }
}

/// What is wrong with an amount of memory.
pub(super) fn memory_mistake(text: &str) -> Option<&'static str> {
    match amount(text) {
        None => Some("must be a quantity such as 64Mi, 1Gi or 500M"),
        // Taken for megabytes, it is a limit under which nothing can start.
        Some(_) if text.ends_with(['m', 'u', 'n']) => {
            Some("is a part of a byte: m means thousandths, Mi and M mean megabytes")
        }
        Some(bytes) if bytes < 1.0 => Some("must be at least one byte"),
        Some(bytes) if bytes > MOST => Some("is more than Kubernetes can count"),
        Some(_) => None,
    }
}

/// The amount: a decimal number, and behind it a suffix or an exponent, not both.
fn amount(text: &str) -> Option<f64> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != '+')
        .unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let number: f64 = digits.parse().ok()?;
    Some(number * factor(suffix)?)
}

fn factor(suffix: &str) -> Option<f64> {
    const DECIMAL: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let power = |names: [&str; 6], base: f64| {
        let at = names.iter().position(|name| *name == suffix)?;
        Some(base.powi(i32::try_from(at).ok()? + 1))
    };
    match suffix {
        "" => Some(1.0),
        "m" => Some(1e-3),
        "u" => Some(1e-6),
        "n" => Some(1e-9),
        _ => power(DECIMAL, 1000.0)
            .or_else(|| power(BINARY, 1024.0))
            .or_else(|| exponent(suffix)),
    }
}

fn exponent(suffix: &str) -> Option<f64> {
    let power = suffix.strip_prefix(['e', 'E'])?;
    let is_whole = power
        .trim_start_matches(['+', '-'])
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    is_whole.then(|| power.parse().ok().map(|power| 10_f64.powi(power)))?
}

#[cfg(test)]
mod tests {
    use super::{cpu_mistake, memory_mistake};

    #[test]
    fn every_notation_of_kubernetes_is_an_amount() {
        for text in [
            "1", "0.5", ".5", "5.", "500m", "1500000u", "2k", "1e3", "1E+2", "1e-3", "+2",
        ] {
            assert_eq!(cpu_mistake(text), None, "{text}");
        }
        for text in [
            "64Mi",
            "1.5Gi",
            "500M",
            "129e6",
            "1E",
            "1Ei",
            "1",
            "2Ki",
            "128974848",
        ] {
            assert_eq!(memory_mistake(text), None, "{text}");
        }
    }

    #[test]
    fn what_kubernetes_would_refuse_is_no_amount() {
        for text in [
            "", "m", ".", "1.2.3", "1 Gi", "1gi", "1K", "1MB", "1mm", "1e", "1e3Mi", "1e+-3",
            "0x1", "inf", "NaN", "1e1.5", "+", "++1", "1+1", "-1",
        ] {
            assert!(
                cpu_mistake(text).unwrap().starts_with("must be a quantity"),
                "{text}"
            );
            assert!(
                memory_mistake(text)
                    .unwrap()
                    .starts_with("must be a quantity"),
                "{text}"
            );
        }
    }

    #[test]
    fn amounts_that_nobody_can_mean_are_told() {
        for text in ["0", "0.5m", "100n", "1e-9"] {
            assert_eq!(
                cpu_mistake(text),
                Some("must be at least 1m, a thousandth of a CPU")
            );
        }
        for text in ["512m", "4u"] {
            assert!(
                memory_mistake(text).unwrap().contains("thousandths"),
                "{text}"
            );
        }
        assert_eq!(memory_mistake("0"), Some("must be at least one byte"));
        for text in ["1e400", "10E", "99999999999999999999"] {
            assert_eq!(
                memory_mistake(text),
                Some("is more than Kubernetes can count"),
                "{text}"
            );
        }
        assert_eq!(
            cpu_mistake("1e99999999999"),
            Some("must be a quantity such as 500m, 2 or 0.5")
        );
    }
}
