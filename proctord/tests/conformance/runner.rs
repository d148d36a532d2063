//! What every runner must do: the same events, exits, bytes and stops, whatever carries the execution out.
//! Each case is given a runner of its own; the list below is all of them.

pub mod launch;
pub mod life;
pub mod output;
pub mod stop;
pub mod subject;

/// Instantiates every case for one kind of runner.
#[macro_export]
macro_rules! runner_suite {
    ($name:ident, $subject:ty) => {
        mod $name {
            $crate::runner_cases! { $subject;
                launch {
                    what_is_prepared_and_started_runs_and_is_told
                    what_is_prepared_and_dropped_never_runs_and_may_be_prepared_again
                    the_environment_arrives_unchanged
                    what_cannot_be_started_says_so_and_has_no_exit_code
                }
                life {
                    every_exit_code_is_told_as_it_was
                    the_signal_that_ended_it_is_told
                    a_deadline_ends_it
                    a_failed_attempt_is_tried_again_and_told_between_the_outputs
                    the_end_is_told_again_to_whoever_asks_later
                }
                output {
                    every_byte_arrives_in_order
                    reading_goes_on_behind_a_cursor
                    the_output_of_what_is_written_before_a_stop_is_complete
                }
                stop {
                    a_stop_asks_first_and_ends_it
                    what_ignores_the_asking_is_killed_after_the_grace
                    stopping_what_has_ended_is_harmless
                }
            }
        }
    };
}

/// One test for each case: a new subject, then the case.
#[macro_export]
macro_rules! runner_cases {
    ($subject:ty; $($topic:ident { $($case:ident)* })*) => {
        $($(
            #[tokio::test]
            async fn $case() {
                use $crate::runner::subject::RunnerSubject;
                let subject = <$subject>::fresh().await;
                $crate::runner::$topic::$case(&subject).await;
            }
        )*)*
    };
}
