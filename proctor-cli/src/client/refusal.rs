//! Error answers as text: the problem that a body tells, for people.

use proctor_api::Problem;

use crate::client::VERSION;
use crate::escape::{visible, visible_lines};

/// Longest body of somebody else's error page that is shown.
const BODY_LIMIT_CHARS: usize = 2000;

/// The problem that a body tells; a body that tells none becomes the detail.
pub fn problem(status: u16, body: &[u8]) -> Problem {
    let mut problem = serde_json::from_slice::<Problem>(body).unwrap_or_else(|_| Problem {
        detail: String::from_utf8_lossy(body)
            .trim()
            .chars()
            .take(BODY_LIMIT_CHARS)
            .collect(),
        ..Problem::default()
    });
    problem.status = status;
    problem
}

/// Whether it is a proctord that answered, but one without the route.
pub fn lacks_route(problem: &Problem) -> bool {
    matches!(
        problem.kind.as_str(),
        "/problems/no-such-route" | "/problems/wrong-method"
    )
}

/// The text of a 403.
pub fn forbidden(problem: &Problem) -> String {
    let mut lines =
        vec!["Access Denied : You are Not Authorized to Perform this action.".to_owned()];
    push_detail(&mut lines, problem);
    lines.join("\n")
}

/// What proctord itself adds to a 401, on a line of its own; a page of somebody on the way tells nothing.
pub fn detail(problem: &Problem) -> String {
    if problem.kind.is_empty() || problem.detail.is_empty() {
        return String::new();
    }
    format!("\n{}", visible_lines(&problem.detail))
}

/// The text of any other error answer: what is wrong, all mistakes, and where to look on.
pub fn refusal(problem: &Problem) -> String {
    let mut lines = Vec::new();
    // A text without a problem's type may be anybody's error page, except where the Go service gave its own.
    let is_proctords = !problem.kind.is_empty() || problem.status == 400;
    let user_mistake = (400..500).contains(&problem.status) && is_proctords;
    if !user_mistake || problem.detail.is_empty() && problem.mistakes.is_empty() {
        let reason = reqwest::StatusCode::from_u16(problem.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or(&problem.title);
        lines.push("Server Error!!!".to_owned());
        lines.push(format!(
            "Status Code: {}, {}",
            problem.status,
            visible(reason)
        ));
    }
    push_detail(&mut lines, problem);
    for mistake in &problem.mistakes {
        lines.push(format!("  {}", visible(&mistake.to_string())));
    }
    if problem.detail.contains("outdated version") {
        lines.push(format!("This is proctor {VERSION}."));
    }
    if let Some(id) = problem.execution_id {
        lines.push(format!("The execution is stored: proctor status {id}"));
    }
    match problem.status {
        404 | 405 if !is_proctords => {
            lines.push(
                "Check that PROCTOR_HOST is a proctord, and not older than 3.0.0.".to_owned(),
            );
        }
        _ if lacks_route(problem) => lines.push(format!(
            "This proctord does not know what proctor {VERSION} asks of it: it may be older."
        )),
        503 if is_not_ready(problem) => {
            lines.push("It serves as soon as that is there; its log has every change.".to_owned());
        }
        503 => lines.push("It may pass: try again in a moment.".to_owned()),
        _ => {}
    }
    if !user_mistake && !is_not_ready(problem) && !problem.instance.is_empty() {
        lines.push(format!(
            "Whoever runs proctord finds more in its log under request {}.",
            visible(&problem.instance)
        ));
    }
    lines.join("\n")
}

/// Whether the service as a whole waits for something: that is in its log once, not at every request.
fn is_not_ready(problem: &Problem) -> bool {
    problem.kind.ends_with("/not-ready")
}

fn push_detail(lines: &mut Vec<String>, problem: &Problem) {
    if !problem.detail.is_empty() {
        lines.push(visible_lines(&problem.detail).into_owned());
    }
}

#[cfg(test)]
mod tests {
    use proctor_api::{Mistake, Problem};

    use super::{problem, refusal};

    #[test]
    fn every_mistake_stands_on_its_own_line() {
        let text = refusal(&Problem {
            kind: "/problems/args".into(),
            status: 422,
            detail: "The args do not fit.".into(),
            mistakes: vec![
                Mistake::new("args.A", "is required"),
                Mistake::new("args.B", "is not\x1b[2J declared"),
            ],
            execution_id: Some(7),
            ..Problem::default()
        });

        assert_eq!(
            text,
            "The args do not fit.\n  args.A is required\n  args.B is not\\u{1b}[2J declared\nThe execution is stored: proctor status 7"
        );
    }

    #[test]
    fn a_fault_of_the_service_names_the_request_to_look_for() {
        let text = refusal(&Problem {
            status: 500,
            instance: "req-1".into(),
            ..Problem::default()
        });

        assert_eq!(
            text,
            "Server Error!!!\nStatus Code: 500, Internal Server Error\nWhoever runs proctord finds more in its log under request req-1."
        );
    }

    #[test]
    fn a_service_that_waits_says_for_what_and_names_no_request() {
        let text = refusal(&Problem {
            kind: "/problems/not-ready".into(),
            status: 503,
            detail: "not ready: Redis is unreachable".into(),
            instance: "req-1".into(),
            ..Problem::default()
        });

        assert_eq!(
            text,
            "Server Error!!!\nStatus Code: 503, Service Unavailable\nnot ready: Redis is unreachable\n\
             It serves as soon as that is there; its log has every change."
        );
    }

    #[test]
    fn a_plain_body_is_the_detail() {
        let problem = problem(400, b"client is outdated\n");
        assert_eq!(problem.detail, "client is outdated");
        assert_eq!(problem.status, 400);
    }
}
