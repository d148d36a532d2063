//! The signature of a request: `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY`. The time is signed
//! as well, so that a receiver can refuse what somebody has kept and sends again later.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use proctor_plugin::Failure;
use sha2::Sha256;

/// The signature of a body at a time in seconds since 1970.
///
/// # Errors
/// The secret cannot be a key.
pub fn sign(secret: &[u8], seconds: u64, body: &[u8]) -> Result<String, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret)?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let mut signature = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        write!(signature, "{byte:02x}")?;
    }
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn a_signature_is_what_other_programs_reckon() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of some length'
        assert_eq!(
            sign(b"a secret of some length", 1_700_000_000, br#"{"a":1}"#).unwrap(),
            "t=1700000000,v1=e09db3ce6e6e8f9b633a62851e5074a9e9148ac19b1c0e1a8f7c352380be630b"
        );
    }
}
