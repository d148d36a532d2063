//! Where callbacks may go.

use super::reader::Reader;
use crate::domain::callback::AllowedHosts;

const ALLOW: &str = "PROCTOR_CALLBACK_ALLOW";

/// None, unless some are named.
pub(super) fn read(reader: &mut Reader) -> AllowedHosts {
    let wanted =
        "hosts separated by commas, each as example.com, example.com:8443, *.example.com or *";
    reader.parse(ALLOW, AllowedHosts::default(), "", wanted, |text| {
        text.parse().ok()
    })
}
