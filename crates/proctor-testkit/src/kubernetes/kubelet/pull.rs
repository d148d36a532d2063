//! Getting a container ready: its image is pulled, with longer and longer pauses if that fails, and what its
//! environment refers to is waited for.

use std::time::Duration;

use super::container::{Container, Obstacle};
use super::tended::{News, Tended, Waiting};
use crate::kubernetes::pods::Stage;

/// The pauses between attempts grow to this many times the first one.
const MOST_PAUSES: u32 = 30;

impl Tended<'_> {
    /// Waits until the container can be created; none if the Pod is to end before that.
    pub(super) fn prepare(&self) -> Option<Container> {
        let mut pulls = 0;
        let mut told = String::new();
        loop {
            let (container, revision) = {
                let state = self.cluster.state();
                let images = self.cluster.settings.images.as_deref();
                let pod = self.found(&state)?;
                let prepared = Container::of(&state, self.key, pod, images);
                (prepared, state.revision())
            };
            let waiting = match container {
                Ok(container) => {
                    self.tell_pulled(&mut told);
                    self.tell("Normal", "Created", "Container created");
                    return Some(container);
                }
                Err(Obstacle::NoImage(why)) => {
                    pulls += 1;
                    self.tell_failed_pull(pulls, &why);
                    Waiting {
                        patience: Some(self.pause(pulls)),
                        ..Waiting::default()
                    }
                }
                Err(Obstacle::Config { reason, message }) => {
                    self.tell_pulled(&mut told);
                    if told != message {
                        told.clone_from(&message);
                        self.tell("Warning", "Failed", &format!("Error: {message}"));
                    }
                    self.show(&Stage::Waiting { reason, message });
                    Waiting {
                        after: Some(revision),
                        ..Waiting::default()
                    }
                }
            };
            if let News::Deleted(_) = self.wait(&waiting) {
                return None;
            }
        }
    }

    /// Once, whatever comes of the container after that.
    fn tell_pulled(&self, told: &mut String) {
        if told.is_empty() {
            let image = self.image();
            let message = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            self.tell("Normal", "Pulled", &message);
            *told = message;
        }
    }

    /// The first failure is shown as such; after each further one the kubelet is seen to hold back.
    fn tell_failed_pull(&self, pulls: u32, why: &str) {
        let image = self.image();
        self.tell("Normal", "Pulling", &format!("Pulling image \"{image}\""));
        let failed = format!("Failed to pull image \"{image}\": {why}");
        self.tell("Warning", "Failed", &failed);
        self.tell("Warning", "Failed", "Error: ErrImagePull");
        self.show(&Stage::Waiting {
            reason: "ErrImagePull",
            message: why.to_owned(),
        });
        if pulls == 1 {
            return;
        }
        let back_off = format!("Back-off pulling image \"{image}\"");
        self.tell("Normal", "BackOff", &back_off);
        self.tell("Warning", "Failed", "Error: ImagePullBackOff");
        self.show(&Stage::Waiting {
            reason: "ImagePullBackOff",
            message: format!("{back_off}: ErrImagePull: {why}"),
        });
    }

    fn pause(&self, pulls: u32) -> Duration {
        let pauses = 2_u32.saturating_pow(pulls - 1).min(MOST_PAUSES);
        self.cluster.settings.pull_delay * pauses
    }

    fn image(&self) -> &str {
        let image = &self.pod["spec"]["containers"][0]["image"];
        image.as_str().unwrap_or_default()
    }
}
