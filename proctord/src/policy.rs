//! Who may do what. Every route has an action, and every action a rule; whoever adds a route must name the
//! action, so that no route is without a rule. Deciding who somebody is, is not done here.

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
    ReadAudit,
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
            | Self::RerunExecution => Rule::ProcGroups,
            Self::WhoAmI => Rule::Somebody,
            Self::PublishProc
            | Self::UnpublishProc
            | Self::ListSecrets
            | Self::SetSecret
            | Self::RemoveSecret
            | Self::PutBundle
            | Self::ForceStop
            | Self::ReadAudit
            | Self::ReadBundle => Rule::Admin,
        }
    }
}

/// Who asks, as far as the service believes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asker {
    /// Free text while authentication is off.
    pub email: String,
}

/// How questions are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Authentication is off: whoever reaches the service may do everything.
    AllowAll,
}

impl Policy {
    /// Whether the asker may do this to something that belongs to a proc with these groups.
    #[must_use]
    pub fn permits(self, _asker: &Asker, _action: Action, _groups: &[String]) -> bool {
        match self {
            Self::AllowAll => true,
        }
    }
}
