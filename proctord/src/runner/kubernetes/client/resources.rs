//! Typed calls, one for each thing that is done to the cluster. What may be lost between asking and hearing is told
//! apart by the caller: a Job that is there already may be the one that was just made.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Namespace, Pod, Secret};
use kube::Resource;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::Request;
use kube::core::request::Error as RequestError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Call, Cluster, ClusterError, Fault, Trouble};

/// How many objects a list brings at once.
const PAGE: u32 = 500;

/// A page of a list.
#[derive(Debug, Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMetadata,
    items: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue", default)]
    next: String,
}

/// A kind of ours, as errors call it.
trait Kind: Resource<DynamicType = ()> {
    const NAME: &'static str;
}

impl Kind for Job {
    const NAME: &'static str = "Job";
}

impl Kind for Pod {
    const NAME: &'static str = "Pod";
}

impl Kind for Secret {
    const NAME: &'static str = "Secret";
}

impl Kind for Namespace {
    const NAME: &'static str = "namespace";
}

impl Kind for Event {
    const NAME: &'static str = "Event";
}

impl Cluster {
    /// Creates a Job. Repeated after an answer was lost, it is `AlreadyThere`.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn create_job(&self, job: &Job) -> Result<Job, ClusterError> {
        let call = self.create(job, job.metadata.name.as_deref())?;
        call.read(&self.call(&call).await?)
    }

    /// The Job of that name, if there is one.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn job(&self, name: &str) -> Result<Option<Job>, ClusterError> {
        self.get(name).await
    }

    /// Changes a Job by a merge patch; with `metadata.uid` in it, another Job of that name is refused.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn patch_job(&self, name: &str, patch: &Value) -> Result<Job, ClusterError> {
        let request = self
            .path::<Job>()
            .patch(name, &PatchParams::default(), &Patch::Merge(patch));
        let call = call::<Job>("change", name, request)?;
        call.read(&self.call(&call).await?)
    }

    /// Changes a Job step by step (RFC 6902); nothing happens unless every `test` among the steps holds, and then it
    /// is refused.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn patch_job_stepwise(&self, name: &str, steps: Value) -> Result<Job, ClusterError> {
        let steps = serde_json::from_value(steps).map_err(|error| ClusterError {
            verb: "change",
            object: format!("{} {name}", Job::NAME),
            fault: Fault::Refused {
                message: error.to_string(),
            },
        })?;
        let patch = Patch::<Value>::Json(steps);
        let request = self
            .path::<Job>()
            .patch(name, &PatchParams::default(), &patch);
        let call = call::<Job>("change", name, request)?;
        call.read(&self.call(&call).await?)
    }

    /// Deletes a Job and, after it, what it owns, if it is still as it was seen. Another Job or a changed one is a
    /// `Conflict`.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn delete_job(&self, seen: &Job) -> Result<(), ClusterError> {
        let parameters = DeleteParams::background().preconditions(Preconditions {
            uid: seen.metadata.uid.clone(),
            resource_version: seen.metadata.resource_version.clone(),
        });
        self.delete::<Job>(seen.metadata.name.as_deref(), &parameters)
            .await
    }

    /// All Jobs with these labels.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn jobs(&self, selector: &str) -> Result<Vec<Job>, ClusterError> {
        self.list(&ListParams::default().labels(selector)).await
    }

    /// The Pods of a Job.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn pods_of(&self, job_uid: &str) -> Result<Vec<Pod>, ClusterError> {
        let selector = format!("batch.kubernetes.io/controller-uid={job_uid}");
        self.list(&ListParams::default().labels(&selector)).await
    }

    /// The Pods that bear the name of a Job, whichever Job of that name they are of.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn pods_of_job(&self, name: &str) -> Result<Vec<Pod>, ClusterError> {
        let selector = format!("batch.kubernetes.io/job-name={name}");
        self.list(&ListParams::default().labels(&selector)).await
    }

    /// The Pod of that name, if there is one. It is listed, for nothing else needs the right to get Pods.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn pod(&self, name: &str) -> Result<Option<Pod>, ClusterError> {
        let named = ListParams::default().fields(&format!("metadata.name={name}"));
        Ok(self.list(&named).await?.pop())
    }

    /// Asks a Pod to end within the grace; another one of its name is a `Conflict`.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn delete_pod(&self, seen: &Pod, grace_seconds: u32) -> Result<(), ClusterError> {
        let parameters = DeleteParams::default()
            .grace_period(grace_seconds)
            .preconditions(Preconditions {
                uid: seen.metadata.uid.clone(),
                resource_version: None,
            });
        self.delete::<Pod>(seen.metadata.name.as_deref(), &parameters)
            .await
    }

    /// The uid of the namespace that everything is in, if it is there.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn namespace_uid(&self) -> Result<Option<String>, ClusterError> {
        let request = Request::new(Namespace::url_path(&(), None));
        let request = request.get(self.namespace(), &kube::api::GetParams::default());
        let namespace: Option<Namespace> = self.find(self.namespace(), request).await?;
        Ok(namespace.and_then(|namespace| namespace.metadata.uid))
    }

    /// What happened to an object, the words of those who tried something with it.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn events_of(&self, uid: &str) -> Result<Vec<Event>, ClusterError> {
        let selector = format!("involvedObject.uid={uid}");
        self.list(&ListParams::default().fields(&selector)).await
    }

    /// Creates a Secret; nothing of the answer is kept.
    ///
    /// # Errors
    /// Those of the cluster, without what is in the Secret.
    pub async fn create_secret(&self, secret: &Secret) -> Result<(), ClusterError> {
        let call = self.create(secret, secret.metadata.name.as_deref())?;
        self.call(&call).await.map(drop)
    }

    /// The Secret of that name, if there is one. It shows what is in it: not to be logged.
    ///
    /// # Errors
    /// Those of the cluster, without what is in the Secret.
    pub async fn secret(&self, name: &str) -> Result<Option<Secret>, ClusterError> {
        self.get(name).await
    }

    /// Deletes a Secret if it is still the one that was seen.
    ///
    /// # Errors
    /// Those of the cluster.
    pub async fn delete_secret(&self, seen: &Secret) -> Result<(), ClusterError> {
        let parameters = DeleteParams::background().preconditions(Preconditions {
            uid: seen.metadata.uid.clone(),
            resource_version: None,
        });
        self.delete::<Secret>(seen.metadata.name.as_deref(), &parameters)
            .await
    }

    fn path<K: Kind>(&self) -> Request {
        Request::new(K::url_path(&(), Some(self.namespace())))
    }

    fn create<K: Kind + serde::Serialize>(
        &self,
        object: &K,
        name: Option<&str>,
    ) -> Result<Call, ClusterError> {
        let body = serde_json::to_vec(object).map_err(RequestError::SerializeBody);
        let request = body.and_then(|body| self.path::<K>().create(&PostParams::default(), body));
        call::<K>("create", name.unwrap_or_default(), request)
    }

    async fn get<K: Kind + DeserializeOwned>(&self, name: &str) -> Result<Option<K>, ClusterError> {
        let request = self.path::<K>().get(name, &kube::api::GetParams::default());
        self.find(name, request).await
    }

    async fn find<K: Kind + DeserializeOwned>(
        &self,
        name: &str,
        request: Result<http::Request<Vec<u8>>, RequestError>,
    ) -> Result<Option<K>, ClusterError> {
        let call = call::<K>("read", name, request)?;
        match self.call(&call).await {
            Ok(body) => call.read(&body).map(Some),
            Err(error) if is_absence(&error.fault) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn delete<K: Kind>(
        &self,
        name: Option<&str>,
        parameters: &DeleteParams,
    ) -> Result<(), ClusterError> {
        let name = name.unwrap_or_default();
        let call = call::<K>("delete", name, self.path::<K>().delete(name, parameters))?;
        self.call(&call).await.map(drop)
    }

    async fn list<K: Kind + DeserializeOwned>(
        &self,
        wanted: &ListParams,
    ) -> Result<Vec<K>, ClusterError> {
        let mut wanted = wanted.clone().limit(PAGE);
        let mut all = Vec::new();
        loop {
            let request = self.path::<K>().list(&wanted);
            let call = call::<K>("list", &format!("{}s", K::NAME), request)?;
            let page: Page<K> = call.read(&self.call(&call).await?)?;
            all.extend(page.items);
            if page.metadata.next.is_empty() {
                return Ok(all);
            }
            wanted = wanted.continue_token(&page.metadata.next);
        }
    }
}

/// What is in a namespace that is not there is not there either.
fn is_absence(fault: &Fault) -> bool {
    matches!(fault, Fault::NotFound | Fault::NoNamespace { .. })
}

fn call<K: Kind>(
    verb: &'static str,
    name: &str,
    request: Result<http::Request<Vec<u8>>, RequestError>,
) -> Result<Call, ClusterError> {
    let object = if verb == "list" {
        name.to_owned()
    } else {
        format!("{} {name}", K::NAME)
    };
    match request {
        Ok(request) => Ok(Call {
            verb,
            object,
            request,
            is_secret: K::NAME == Secret::NAME,
        }),
        Err(error) => Err(ClusterError {
            verb,
            object,
            fault: Trouble::Request(error).into(),
        }),
    }
}
