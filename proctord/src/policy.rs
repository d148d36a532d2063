//! Who may do what. Every route has an action, and every action a rule; whoever adds a route must name the
//! action, so that no route is without a rule. Deciding who somebody is, is not done here.

use std::sync::Arc;

use proctor_plugin::User;

/// Something that can be asked of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Ping,
    Probe,
    ReadMetrics,
    ReadDocs,
    ListProcs,
    ShowProc,
    PublishProc,
    UnpublishProc,
    ListSecrets,
    SetSecret,
    RemoveSecret,
    PutBundle,
    ReadBundle,
    CreateExecution,
    ListExecutions,
    ShowExecution,
    FollowLog,
    ReadLog,
    StopExecution,
    ForceStop,
    RerunExecution,
    CreateSchedule,
    ListSchedules,
    ShowSchedule,
    ChangeSchedule,
    RemoveSchedule,
    PauseSchedule,
    ResumeSchedule,
    RunSchedule,
    ReadAudit,
    ListDeliveries,
    RetryDelivery,
    WhoAmI,
}

/// What an action needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing, not even a name.
    Open,
    /// To be somebody; no group is asked for.
    Somebody,
    /// ALL of the groups of the proc that it touches; what it lists is cut to those.
    ProcGroups,
    /// The admin groups.
    Admin,
}

impl Action {
    /// Whether it has to wait until what is stored can be reached for the first time.
    #[must_use]
    pub const fn needs_data(self) -> bool {
        !matches!(self, Self::Ping | Self::Probe | Self::ReadDocs)
    }

    /// What a plugin is told that is to be done.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Probe => "probe",
            Self::ReadMetrics => "metrics.read",
            Self::ReadDocs => "docs.read",
            Self::ListProcs => "metadata.list",
            Self::ShowProc => "metadata.show",
            Self::PublishProc => "metadata.publish",
            Self::UnpublishProc => "metadata.unpublish",
            Self::ListSecrets => "secret.list",
            Self::SetSecret => "secret.set",
            Self::RemoveSecret => "secret.remove",
            Self::PutBundle => "bundle.put",
            Self::ReadBundle => "bundle.read",
            Self::CreateExecution => "execution.create",
            Self::ListExecutions => "execution.list",
            Self::ShowExecution => "execution.show",
            Self::FollowLog | Self::ReadLog => "execution.log",
            Self::StopExecution => "execution.stop",
            Self::ForceStop => "execution.force_stop",
            Self::RerunExecution => "execution.rerun",
            Self::CreateSchedule => "schedule.create",
            Self::ListSchedules => "schedule.list",
            Self::ShowSchedule => "schedule.show",
            Self::ChangeSchedule => "schedule.change",
            Self::RemoveSchedule => "schedule.remove",
            Self::PauseSchedule => "schedule.pause",
            Self::ResumeSchedule => "schedule.resume",
            Self::RunSchedule => "schedule.run",
            Self::WhoAmI => "whoami",
            Self::ReadAudit => "audit.read",
            Self::ListDeliveries => "delivery.list",
            Self::RetryDelivery => "delivery.retry",
        }
    }

    /// The rule of the action.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::Ping | Self::Probe | Self::ReadMetrics | Self::ReadDocs => Rule::Open,
            Self::ListProcs
            | Self::ShowProc
            | Self::CreateExecution
            | Self::ListExecutions
            | Self::ShowExecution
            | Self::FollowLog
            | Self::ReadLog
            | Self::StopExecution
            | Self::RerunExecution
            | Self::CreateSchedule
            | Self::ListSchedules
            | Self::ShowSchedule
            | Self::ChangeSchedule
            | Self::RemoveSchedule
            | Self::PauseSchedule
            | Self::ResumeSchedule
            | Self::RunSchedule => Rule::ProcGroups,
            Self::WhoAmI => Rule::Somebody,
            Self::PublishProc
            | Self::UnpublishProc
            | Self::ListSecrets
            | Self::SetSecret
            | Self::RemoveSecret
            | Self::PutBundle
            | Self::ForceStop
            | Self::ReadAudit
            | Self::ListDeliveries
            | Self::RetryDelivery
            | Self::ReadBundle => Rule::Admin,
        }
    }
}

/// Who asks, as far as the service believes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// Free text while authentication is off; otherwise that of the user.
    pub email: String,
    /// Who they have proven to be; nobody while authentication is off.
    pub user: Option<Arc<User>>,
}

impl Asker {
    /// Somebody who says who they are.
    #[must_use]
    pub fn claiming(email: String) -> Self {
        Self { email, user: None }
    }

    /// Somebody who has proven who they are.
    #[must_use]
    pub fn proven(user: Arc<User>) -> Self {
        Self {
            email: user.email.clone(),
            user: Some(user),
        }
    }
}

/// How questions are decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// Authentication is off: whoever reaches the service may do everything.
    AllowAll,
    /// By the groups that somebody is in; who is an admin may do what admins may, and nothing else by that.
    Groups { admin: Vec<String> },
}

impl Policy {
    /// Whether the asker may do this to something that belongs to a proc with these groups.
    #[must_use]
    pub fn permits(&self, asker: &Asker, action: Action, groups: &[String]) -> bool {
        let needed = self.needed(action, groups);
        let user = asker.user.as_deref();
        let has_all = || user.is_some_and(|user| user.is_in_all(needed));
        *self == Self::AllowAll || action.rule() == Rule::Open || has_all()
    }

    /// The groups that this takes, ALL of them.
    #[must_use]
    pub fn needed<'a>(&'a self, action: Action, groups: &'a [String]) -> &'a [String] {
        match (action.rule(), self) {
            (Rule::ProcGroups, _) => groups,
            (Rule::Admin, Self::Groups { admin }) => admin,
            (Rule::Admin, Self::AllowAll) | (Rule::Open | Rule::Somebody, _) => &[],
        }
    }

    /// Whether the asker is an admin.
    #[must_use]
    pub fn is_admin(&self, asker: &Asker) -> bool {
        match self {
            Self::AllowAll => true,
            Self::Groups { admin } => {
                let user = asker.user.as_deref();
                user.is_some_and(|user| user.is_in_all(admin))
            }
        }
    }

    /// Whether groups mean anything.
    #[must_use]
    pub fn looks_at_groups(&self) -> bool {
        matches!(self, Self::Groups { .. })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proctor_plugin::User;

    use super::{Action, Asker, Policy};

    fn somebody(groups: &[&str], active: bool) -> Asker {
        Asker::proven(Arc::new(User {
            email: "ada@example.org".to_owned(),
            name: String::new(),
            active,
            groups: texts(groups),
        }))
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn policy() -> Policy {
        Policy::Groups {
            admin: texts(&["admins", "staff"]),
        }
    }

    #[test]
    fn all_groups_are_needed_and_no_group_is_everybody_s() {
        let needed = texts(&["ops", "db"]);
        let may = |groups: &[&str], active| {
            let asker = somebody(groups, active);
            policy().permits(&asker, Action::CreateExecution, &needed)
        };

        assert!(may(&["db", "ops", "more"], true));
        for groups in [
            &[][..],
            &["ops"],
            &["db"],
            &["Ops", "db"],
            &["admins", "staff"],
        ] {
            assert!(!may(groups, true), "{groups:?}");
        }
        assert!(!may(&["ops", "db"], false));
        let everybody_s = |active| policy().permits(&somebody(&[], active), Action::ShowProc, &[]);
        assert!(everybody_s(true) && !everybody_s(false));
    }

    #[test]
    fn admins_have_all_admin_groups_whatever_the_proc_has() {
        let may = |groups: &[&str]| {
            policy().permits(
                &somebody(groups, true),
                Action::PublishProc,
                &texts(&["ops"]),
            )
        };

        assert!(may(&["staff", "admins"]));
        assert!(!may(&["admins"]) && !may(&["ops"]));
    }

    #[test]
    fn who_has_proven_nothing_may_see_what_is_open_and_nothing_else() {
        let claiming = Asker::claiming("root@example.org".to_owned());

        assert!(policy().permits(&claiming, Action::Ping, &[]));
        for action in [Action::WhoAmI, Action::ListProcs, Action::PublishProc] {
            assert!(!policy().permits(&claiming, action, &[]), "{action:?}");
            assert!(Policy::AllowAll.permits(&claiming, action, &texts(&["ops"])));
        }
    }
}
