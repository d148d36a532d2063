//! What the claims of a token that counts say of somebody.

use proctor_plugin::{Failure, User};
use serde_json::{Map, Value};

/// The claims of a token.
pub(crate) type Claims = Map<String, Value>;

/// Where a claim is: a name, or names with dots between them for claims within claims.
pub(crate) struct ClaimPath {
    path: String,
}

impl ClaimPath {
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Some providers have dots in the names themselves (`https://example.org/groups`), so the whole text is looked
    /// for first.
    fn find<'a>(&self, claims: &'a Claims) -> Option<&'a Value> {
        let whole = claims.get(&self.path);
        let found = whole.or_else(|| {
            let (first, more) = self.path.split_once('.')?;
            let within = |value: &'a Value, name: &str| value.get(name);
            more.split('.').try_fold(claims.get(first)?, within)
        });
        found.filter(|value| !value.is_null())
    }
}

/// Which claims say what.
pub(crate) struct ClaimNames {
    pub(crate) email: ClaimPath,
    pub(crate) name: ClaimPath,
    pub(crate) groups: ClaimPath,
}

impl ClaimNames {
    /// Who the claims are about; nobody if the provider says that the address is not proven to be theirs.
    ///
    /// # Errors
    /// A claim is missing or of another form: the provider or the settings are to be mended.
    pub(crate) fn user(&self, claims: &Claims) -> Result<Option<User>, Failure> {
        if self.email.is_unproven(claims) {
            return Ok(None);
        }
        let email = self.email.find(claims).and_then(Value::as_str);
        let email = email
            .filter(|email| !email.is_empty())
            .ok_or_else(|| self.email.wrong("no text"))?;
        let name = self.name.find(claims).and_then(Value::as_str);
        Ok(Some(User {
            email: email.to_owned(),
            name: name.unwrap_or_default().to_owned(),
            active: true,
            groups: self.groups(claims)?,
        }))
    }

    /// A list of names; a name alone is a list of one, and no claim an empty list.
    fn groups(&self, claims: &Claims) -> Result<Vec<String>, Failure> {
        let name = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let groups = match self.groups.find(claims) {
            None => Some(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(name).collect(),
            Some(value) => name(value).map(|name| vec![name]),
        };
        groups.ok_or_else(|| self.groups.wrong("no list of texts"))
    }
}

impl ClaimPath {
    /// Whether the provider says of the address at this place that it is not proven: beside it, or of the whole token.
    /// Other claims than an email address, such as a name for logging in, are not what `email_verified` is about.
    fn is_unproven(&self, claims: &Claims) -> bool {
        let parent = match self.path.rsplit_once('.') {
            Some((parent, "email")) => Some(Self::new(parent)),
            None if self.path == "email" => None,
            _ => return false,
        };
        let beside = parent.and_then(|parent| parent.find(claims)?.as_object());
        is_unproven(claims) || beside.is_some_and(is_unproven)
    }

    fn wrong(&self, what: &str) -> Failure {
        Failure::new(format!(
            "a token of the provider has {what} in the claim {:?}",
            self.path
        ))
    }
}

/// With an address that is not proven anybody could be anybody. A provider that does not say so at all vouches for it.
fn is_unproven(claims: &Claims) -> bool {
    match claims.get("email_verified") {
        None | Some(Value::Null) => false,
        Some(said) => !matches!(said, Value::Bool(true)) && said.as_str() != Some("true"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ClaimNames, ClaimPath, Claims};

    fn names(groups: &str) -> ClaimNames {
        ClaimNames {
            email: ClaimPath::new("email"),
            name: ClaimPath::new("name"),
            groups: ClaimPath::new(groups),
        }
    }

    fn claims(value: Value) -> Claims {
        let Value::Object(claims) = value else {
            panic!("{value} is no object");
        };
        claims
    }

    #[test]
    fn groups_are_found_by_name_or_by_path() {
        let claims = claims(json!({
            "email": "a@b",
            "groups": ["ops", "db"],
            "alone": "ops",
            "realm_access": {"roles": ["deep"]},
            "https://example.org/groups": ["dotted"],
            "odd": [1],
            "none": null,
        }));
        let groups = |path| Some(names(path).user(&claims).ok()??.groups);

        assert_eq!(groups("groups").unwrap(), ["ops", "db"]);
        assert_eq!(groups("alone").unwrap(), ["ops"]);
        assert_eq!(groups("realm_access.roles").unwrap(), ["deep"]);
        assert_eq!(groups("https://example.org/groups").unwrap(), ["dotted"]);
        assert_eq!(groups("none").unwrap(), Vec::<String>::new());
        assert_eq!(
            groups("realm_access.missing").unwrap(),
            Vec::<String>::new()
        );
        let odd = names("odd").user(&claims).unwrap_err().to_string();
        assert_eq!(
            odd,
            "a token of the provider has no list of texts in the claim \"odd\""
        );
        assert!(names("realm_access").user(&claims).is_err());
    }

    #[test]
    fn an_address_must_be_there_and_not_be_unproven() {
        let user = |value| names("groups").user(&claims(value));

        for proven in [json!(true), json!("true"), json!(null)] {
            let claims = json!({"email": "a@b", "email_verified": proven, "name": "A"});
            let user = user(claims).unwrap().unwrap();
            assert_eq!((&*user.email, &*user.name, user.active), ("a@b", "A", true));
        }
        for unproven in [json!(false), json!("false"), json!(0)] {
            let claims = json!({"email": "a@b", "email_verified": unproven});
            assert_eq!(user(claims), Ok(None));
        }
        let nested = ClaimNames {
            email: ClaimPath::new("user.email"),
            ..names("groups")
        };
        for unproven in [
            json!({"user": {"email": "a@b"}, "email_verified": false}),
            json!({"user": {"email": "a@b", "email_verified": false}}),
        ] {
            assert_eq!(nested.user(&claims(unproven)), Ok(None));
        }
        for without in [json!({}), json!({"email": ""}), json!({"email": ["a@b"]})] {
            assert!(user(without).is_err());
        }
    }
}
