//! Who is to be told by mail how an execution ended. It belongs to the plan, so that what changes later changes nothing
//! for an execution that was accepted before.

use proctor_api::Status;
use serde::{Deserialize, Serialize};

/// Which ends are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotifyOn {
    /// Every one.
    #[default]
    Always,
    /// Whatever is not a success.
    Failure,
}

impl NotifyOn {
    /// Whether an end with this status is told.
    #[must_use]
    pub fn wants(self, status: Status) -> bool {
        match self {
            Self::Always => true,
            Self::Failure => status != Status::Succeeded,
        }
    }
}

/// Mail that an execution's end causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailOrder {
    /// The addresses, each of which gets a mail of its own.
    pub to: Vec<String>,
    #[serde(default)]
    pub on: NotifyOn,
    /// The schedule whose firing it is, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::execution::Plan;

    #[test]
    fn a_plan_of_before_has_nobody_told() {
        let before = r#"{"image":"i","command":null,"bundle":null,"args":{},"secret_names":[],"groups":[],
            "deadline_seconds":null,"resources":null,"max_concurrent":null}"#;
        let plan: Plan = serde_json::from_str(before).unwrap();
        assert_eq!(plan.mail, None);
        assert!(!serde_json::to_string(&plan).unwrap().contains("mail"));
    }

    #[test]
    fn an_order_without_a_word_when_tells_always() {
        let order: MailOrder = serde_json::from_str(r#"{"to":["ann@example.com"]}"#).unwrap();
        assert!(order.on.wants(Status::Succeeded));
        assert!(NotifyOn::Failure.wants(Status::Stopped));
        assert!(!NotifyOn::Failure.wants(Status::Succeeded));
    }
}
