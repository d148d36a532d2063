//! `proctor schedule next`, and the preview of a schedule that was made or changed

use jiff::tz::TimeZone;
use proctor_api::{NextMoments, Schedule};

use crate::cli::ScheduleNextArgs;
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;
use crate::escape::visible;
use crate::output::Output;

/// Prints the next moments of a schedule.
pub async fn run(context: &Context, args: ScheduleNextArgs) -> Result<(), Error> {
    let output = args.output.output();
    let next = context.client()?.next_moments(args.id, args.count).await?;
    let own = own_zone();

    chat(&*output, || {
        if let Some(held) = &next.held {
            console::warn(visible(&format!("none fires until it is resumed: {held}")));
        } else if next.paused {
            console::warn("it is paused, none fires until it is resumed");
        }
        match output.moments_heading(&next, own.as_ref()) {
            Some(heading) if !next.moments.is_empty() => console::cheer(heading),
            _ => console::say("No moments to come"),
        }
    });
    answer(&output.moments(&next, own.as_ref()))
}

/// Says what its owner should know of a schedule that was made or changed, and to people its next moments.
pub fn tell(output: &dyn Output, schedule: &Schedule) {
    for warning in &schedule.warnings {
        console::warn(visible(warning));
    }
    if schedule.next.is_empty() {
        return;
    }
    chat(output, || {
        let next = NextMoments {
            time_zone: schedule.time_zone.clone(),
            moments: schedule.next.clone(),
            ..NextMoments::default()
        };
        let own = own_zone();
        let what = if schedule.paused {
            "Next moments, once it is resumed"
        } else {
            "Next moments"
        };
        console::head(format!("\n{what}"));
        if let Some(heading) = output.moments_heading(&next, own.as_ref()) {
            console::cheer(heading);
        }
        console::say(output.moments(&next, own.as_ref()).trim_end());
    });
}

/// The zone of this machine or of TZ, if it is known.
fn own_zone() -> Option<TimeZone> {
    TimeZone::try_system()
        .ok()
        .filter(|zone| !zone.is_unknown())
}
