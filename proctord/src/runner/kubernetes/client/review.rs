//! What this service may do in its namespace, as the cluster itself tells.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Resource;
use kube::api::PostParams;
use kube::core::Request;

use super::{Call, Cluster, ClusterError, Trouble};

/// Something that one may do, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    pub verb: &'static str,
    pub group: &'static str,
    pub resource: &'static str,
    pub subresource: &'static str,
}

impl Cluster {
    /// Whether this service has the right.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn may(&self, right: Right) -> Result<bool, ClusterError> {
        let object = format!("whether it may {right}");
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    namespace: Some(self.namespace().to_owned()),
                    verb: Some(right.verb.to_owned()),
                    group: Some(right.group.to_owned()),
                    resource: Some(right.resource.to_owned()),
                    subresource: Some(right.subresource.to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let failed = |trouble: Trouble| ClusterError {
            verb: "ask",
            object: object.clone(),
            fault: trouble.into(),
        };
        let body =
            serde_json::to_vec(&review).map_err(|error| failed(Trouble::Unreadable(error)))?;
        let path = Request::new(SelfSubjectAccessReview::url_path(&(), None));
        let request = path.create(&PostParams::default(), body);
        let call = Call {
            verb: "ask",
            object: object.clone(),
            request: request.map_err(|error| failed(error.into()))?,
            is_secret: false,
        };
        let answered: SelfSubjectAccessReview = call.read(&self.call(&call).await?)?;
        Ok(answered.status.is_some_and(|status| status.allowed))
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.subresource.is_empty() {
            write!(f, "/{}", self.subresource)?;
        }
        Ok(())
    }
}
