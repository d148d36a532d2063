//! How a request says who asks. With an email it is as version 2 says it, which every proctord understands; the
//! token may be of any kind. Without one, the token has to tell by itself, and goes the way of all such tokens.

use std::borrow::Cow;

use proctor_api::{EMAIL_HEADER, TOKEN_HEADER};

use crate::config::Settings;

const AUTHORIZATION: &str = "Authorization";

/// The headers; none for somebody who says nothing.
pub(super) fn headers(settings: &Settings) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
    let (email, token) = (settings.email.as_str(), settings.token.expose());
    let token = match (email, token) {
        (_, "") => None,
        ("", token) => Some((AUTHORIZATION, format!("Bearer {token}").into())),
        (_, token) => Some((TOKEN_HEADER, token.into())),
    };
    let email = Some((EMAIL_HEADER, email.into())).filter(|_| !email.is_empty());
    email.into_iter().chain(token)
}
