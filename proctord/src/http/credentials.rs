//! What a request brings along to say who sends it: version 2's headers, `Email-Id` and `Access-Token`, or
//! `Authorization: Bearer`, which needs no address but may come with one. Nothing is believed here.

use actix_web::http::header::{self, HeaderMap, HeaderName};
use proctor_api::{EMAIL_HEADER, TOKEN_HEADER};
use proctor_plugin::Credentials;

use super::error::ApiError;
use crate::authentication::EMAIL_LIMIT;

const SCHEME: &str = "Bearer ";

/// The credentials of a request, if it has any.
pub(super) fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, ApiError> {
    let email = email(headers)?;
    let token = text(headers, TOKEN_HEADER)?.filter(|token| !token.is_empty());
    let (email, token) = match (email, token, bearer(headers)?) {
        (_, Some(token), Some(bearer)) if token != bearer => {
            return Err(unreadable(format!(
                "{TOKEN_HEADER} and Authorization have different tokens"
            )));
        }
        (email, _, Some(bearer)) => (email, bearer),
        (Some(email), Some(token), None) => (Some(email), token),
        // As in the Go system, a token that is no bearer's proves nothing by itself.
        (None, Some(_), None) | (_, None, None) => return Ok(None),
    };
    let token = token.to_owned();
    Ok(Some(Credentials { email, token }))
}

/// Whom a request claims to come from.
pub(super) fn email(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let bad = || ApiError::Unreadable {
        detail: format!(
            "the header {EMAIL_HEADER} must be at most {EMAIL_LIMIT} ASCII characters, once"
        ),
        plain: "Email is invalid",
    };
    let email = text(headers, EMAIL_HEADER).map_err(|_| bad())?;
    match email {
        Some(email) if email.len() > EMAIL_LIMIT => Err(bad()),
        email => Ok(email
            .filter(|email| !email.is_empty())
            .map(ToOwned::to_owned)),
    }
}

/// Other schemes are for others on the way.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let value = text(headers, header::AUTHORIZATION.as_str())?;
    let token = value.and_then(|value| {
        let (scheme, token) = value.split_at_checked(SCHEME.len())?;
        scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim())
    });
    Ok(token.filter(|token| !token.is_empty()))
}

/// The one value of a header. Of two, whoever checked the request on its way may have seen the other one.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ApiError> {
    let Ok(name) = name.parse::<HeaderName>() else {
        return Ok(None);
    };
    let mut values = headers.get_all(&name);
    let (value, other) = (values.next(), values.next());
    if other.is_some() {
        return Err(unreadable(format!("the header {name} is there twice")));
    }
    let Some(value) = value else {
        return Ok(None);
    };
    let text = value.to_str().map(str::trim).map(Some);
    text.map_err(|_| unreadable(format!("the header {name} must be ASCII characters")))
}

fn unreadable(detail: String) -> ApiError {
    ApiError::Unreadable {
        detail,
        plain: "malformed request",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::credentials;

    /// Address and token; `Err` where the request cannot be read.
    fn read(headers: &[(&str, &'static str)]) -> Result<Option<(String, String)>, ()> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_static(value));
        }
        let read = credentials(&map).map_err(drop)?;
        Ok(read.map(|read| (read.email.unwrap_or_default(), read.token)))
    }

    fn proof(email: &str, token: &str) -> Result<Option<(String, String)>, ()> {
        Ok(Some((email.to_owned(), token.to_owned())))
    }

    #[test]
    fn credentials_come_in_two_forms() {
        let (email, token) = (("Email-Id", " a@b.c "), ("Access-Token", "t"));
        let bearer = ("authorization", "bEARER  t ");

        assert_eq!(read(&[email, token]), proof("a@b.c", "t"));
        assert_eq!(read(&[bearer]), proof("", "t"));
        assert_eq!(read(&[bearer, email]), proof("a@b.c", "t"));
        assert_eq!(read(&[bearer, email, token]), proof("a@b.c", "t"));
        let basic = ("Authorization", "Basic dDp0");
        assert_eq!(read(&[basic, email, token]), proof("a@b.c", "t"));
    }

    #[test]
    fn what_is_not_whole_is_none() {
        for headers in [
            &[][..],
            &[("Email-Id", "a@b.c")],
            &[("Access-Token", "t")],
            &[("Email-Id", ""), ("Access-Token", "t")],
            &[("Email-Id", "a@b.c"), ("Access-Token", " ")],
            &[("Authorization", "Bearer")],
            &[("Authorization", "Bearer  ")],
            &[("Authorization", "Basic t")],
        ] {
            assert_eq!(read(headers), Ok(None), "{headers:?}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        let (email, token) = (("Email-Id", "a@b.c"), ("Access-Token", "t"));
        for headers in [
            &[email, token, ("Email-Id", "d@e.f")][..],
            &[email, token, ("Access-Token", "u")],
            &[email, token, ("Authorization", "Bearer u")],
            &[("Authorization", "Bearer t"), ("Authorization", "Bearer u")],
        ] {
            assert_eq!(read(headers), Err(()), "{headers:?}");
        }
    }
}
