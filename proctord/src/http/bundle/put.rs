//! `PUT /bundle/{digest}`: keeps a proc's files under their digest. Putting them again changes nothing.

use actix_web::{HttpResponse, web};
use proctor_api::{BundleReceipt, Mistake, bundle_digest_is_well_formed};

use crate::app::App;
use crate::bundle;
use crate::http::access::Access;
use crate::http::audit::audited;
use crate::http::body::Body;
use crate::http::error::ApiError;

/// The files' limit and room for what the archive adds to them.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

pub(in crate::http) async fn put(
    app: web::Data<App>,
    access: Access,
    digest: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let archive = body.read(BODY_LIMIT).await?;
    check(&digest, &archive)?;
    let bytes = archive.len() as u64;
    let digest = digest.into_inner();
    let receipt = BundleReceipt {
        digest: digest.clone(),
        bytes,
    };
    let service = app.clone();
    let kept = async move {
        let entry = access.audit("bundle.put", digest.as_str());
        audited(&service, vec![entry], async {
            Ok(service.catalog.put_bundle(&digest, archive).await?)
        })
        .await
    };
    app.work.to_the_end(kept).await??;
    Ok(HttpResponse::Created().json(receipt))
}

fn check(digest: &str, archive: &[u8]) -> Result<(), ApiError> {
    let invalid = |at: &str, message: String| ApiError::Invalid {
        detail: "the bundle has mistakes".to_owned(),
        mistakes: vec![Mistake::new(at, message)],
    };
    if !bundle_digest_is_well_formed(digest) {
        return Err(invalid(
            "digest",
            "must have the form sha256:<64 hex digits>".to_owned(),
        ));
    }
    let found = bundle::digest(archive);
    if found != digest {
        return Err(invalid(
            "digest",
            format!("is {digest}, but that of the body is {found}"),
        ));
    }
    bundle::check(archive).map_err(|error| invalid("body", format!("is refused: {error}")))
}
