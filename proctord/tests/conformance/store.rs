//! What every store must do. Each case is given a new store; the list below is all of them.

pub mod accept;
pub mod adopt;
pub mod audit;
pub mod claims;
pub mod closing;
pub mod crowd;
pub mod delivery;
pub mod firing;
pub mod give_up;
pub mod history;
pub mod hold;
pub mod import;
pub mod late;
pub mod lease;
pub mod lifecycle;
pub mod list;
pub mod log;
pub mod pieces;
pub mod queue;
pub mod sample;
pub mod schedule;
pub mod schedule_key;
pub mod sealing;
pub mod silent_host;
pub mod slots;
pub mod stop;
pub mod subject;
pub mod trimming;
pub mod waiting;
pub mod whole;

/// Instantiates every case for one kind of store.
#[macro_export]
macro_rules! store_suite {
    ($name:ident, $subject:ty) => {
        mod $name {
            $crate::store_cases! { $subject;
                accept {
                    an_accepted_execution_reads_back_as_it_was_returned
                    one_that_is_refused_is_stored_with_its_reason_and_a_closed_log
                    a_repeated_request_finds_the_first_execution_as_it_stands_now
                    a_key_with_another_request_is_refused
                    a_key_is_the_users_own
                    a_key_is_free_again_after_a_day
                    of_many_equal_requests_at_once_one_is_stored
                    a_request_that_is_given_up_is_stored_whole_or_not_at_all
                }
                lifecycle {
                    every_event_in_every_state_goes_by_the_rules_of_the_domain
                    what_is_finer_than_a_microsecond_is_cut_before_it_is_returned
                    the_runners_handle_is_kept_through_later_changes
                    of_two_ends_at_once_the_first_stands
                }
                stop {
                    the_first_wish_stands_with_the_shortest_grace
                    what_has_ended_gets_no_wish
                    an_end_after_a_wish_is_a_stop
                    whoever_acts_for_an_execution_finds_the_wish
                }
                give_up {
                    it_is_lost_on_somebodys_word_with_all_that_an_end_causes
                    what_nobody_has_stopped_is_given_up_only_if_its_end_is_not_confirmed
                    what_has_ended_stays_as_it_ended
                    of_an_end_and_somebodys_word_at_once_the_first_stands
                    whoever_acts_for_it_finds_it_until_its_log_is_closed
                }
                late {
                    the_first_one_is_kept_beside_the_outcome
                    of_two_at_once_one_is_kept
                    only_what_is_lost_has_one_and_only_its_owner_knows_it
                }
                waiting {
                    what_it_waits_for_is_shown_until_the_next_change
                    only_its_owner_says_what_it_waits_for_and_only_while_it_is_live
                }
                schedule {
                    a_schedule_reads_back_as_it_was_created
                    one_that_runs_the_same_is_refused_while_both_would_fire
                    one_that_is_over_is_in_nobodys_way
                    a_change_takes_effect_at_once_and_covers_what_was_before
                    while_it_is_paused_nothing_fires_and_all_is_covered_afterwards
                    one_that_was_removed_never_fires_and_its_firings_stay
                    what_a_user_was_is_kept_until_it_changes
                    the_schedules_clock_is_the_stores
                    one_of_version_2_begins_when_it_is_imported_and_comes_once
                }
                schedule_key {
                    a_repeated_request_finds_the_first_schedule_as_it_stands_now
                    a_schedules_key_is_the_users_own_and_good_for_one_request
                    a_schedules_key_is_free_again_after_a_day
                    of_many_equal_requests_at_once_one_schedule_is_stored
                    a_repeated_run_is_the_first_one
                    a_runs_key_is_free_again_after_a_day
                }
                firing {
                    what_is_due_fires_once_with_an_accepted_execution
                    of_many_replicas_each_moment_fires_in_one
                    what_was_prepared_for_one_moment_does_not_fire_the_next
                    what_is_live_decides_over_an_overlap
                    while_a_hold_is_in_force_due_moments_are_covered_and_do_not_fire
                    one_that_is_held_goes_on_when_that_is_over
                    what_is_refused_has_its_row_and_its_reason
                    firings_take_slots_and_wait_in_queues_as_any_execution
                    downtime_is_one_row_and_pages_neither_miss_nor_repeat
                    run_by_hand_it_has_a_row_without_a_moment
                }
                history {
                    old_deliveries_of_no_execution_are_forgotten_once_they_are_settled
                    no_more_is_forgotten_at_once_than_was_asked_for
                    old_stretches_are_forgotten_and_what_fired_stays_with_its_execution
                    a_stretch_is_as_old_as_its_end
                    of_many_who_forget_at_once_each_row_goes_once
                }
                hold {
                    what_is_accepted_and_not_running_is_held_and_nothing_else
                    one_that_is_held_does_not_become_created
                    of_a_hold_and_launches_at_once_each_is_created_or_held
                    one_that_ran_already_is_followed_and_held_no_longer
                    one_that_is_held_is_not_admitted_and_stands_in_nobody_s_way
                    one_that_was_admitted_gives_its_slot_back
                    released_it_goes_on_with_all_its_time
                    failed_it_ends_with_the_reason_and_its_delivery
                    one_that_is_held_can_be_stopped
                    a_word_is_heeded_once
                    a_hold_outlives_a_restart_and_an_adoption
                    a_stranger_has_a_hold_begin_once
                }
                queue {
                    over_the_limit_executions_wait_and_go_on_in_order
                    nobody_overtakes_those_who_wait
                    one_that_is_to_be_stopped_is_passed_over
                    however_an_execution_ends_its_slot_is_free
                    of_many_at_once_no_more_than_the_limit_get_a_slot
                    one_that_was_admitted_is_told_again_until_it_is_launched
                    executions_of_another_host_are_left_to_it
                    procs_do_not_share_slots
                    a_new_owner_of_an_admitted_execution_has_a_higher_fence
                }
                slots {
                    the_oldest_whose_proc_has_a_slot_left_gets_the_one_of_the_installation
                    who_waits_for_its_own_proc_holds_nobody_else_back
                    a_slot_of_the_installation_that_is_free_goes_to_who_waits
                    replicas_with_other_limits_hold_nobody_up
                    a_slot_that_is_another_hosts_turn_is_given_to_it
                    what_a_silent_host_was_given_is_taken_back
                    the_place_in_the_queue_is_counted_for_the_limit_that_holds_it_back
                }
                crowd {
                    whatever_ends_and_begins_at_once_limits_and_order_hold_and_nobody_is_forgotten
                }
                adopt {
                    what_is_live_or_has_an_open_log_is_adopted_and_nothing_else
                    no_write_under_an_old_fence_lands
                    one_that_was_admitted_waits_again
                }
                lease {
                    the_clock_goes_forward
                    a_lease_runs_from_its_last_renewal
                    what_a_silent_replica_has_left_is_adopted_and_nothing_else
                    a_replica_whose_lease_holds_keeps_what_is_its_own
                    one_that_never_had_a_lease_counts_as_silent
                    nobody_adopts_without_a_lease
                    adoption_takes_the_oldest_first_and_no_more_than_asked
                    of_many_replicas_each_execution_gets_one
                    a_replica_that_slept_writes_nothing_more
                    one_that_a_silent_replica_had_admitted_waits_again
                    what_is_unfinished_is_its_owners
                }
                silent_host {
                    what_a_silent_host_has_left_is_taken_over_and_keeps_its_host
                    a_host_that_was_silent_for_a_while_only_keeps_what_is_its_own
                    a_host_on_which_another_replica_lives_is_not_silent
                    a_host_that_comes_back_takes_over_again_what_has_not_ended
                    who_took_over_and_died_is_followed_by_the_next
                    a_host_that_has_left_something_is_remembered
                    who_has_no_lease_takes_nothing_of_a_silent_host
                }
                list {
                    each_filter_shows_what_it_names_and_nothing_else
                    pages_over_equal_times_neither_miss_nor_repeat
                    a_census_counts_every_execution_under_its_status
                    a_thousand_are_listed_once_each_while_more_come
                }
                log {
                    an_append_must_continue_what_is_stored
                    events_lie_within_their_append_and_are_never_an_end
                    the_tail_tells_the_last_cursor
                    a_lost_fence_in_a_batch_harms_nobody_else
                    ten_megabytes_of_any_bytes_come_back
                    many_logs_tell_at_once_how_far_they_have_come
                    a_thousand_logs_are_asked_for_in_one_query
                }
                closing {
                    a_log_ends_once_and_with_all_its_bytes
                    a_reader_past_the_end_learns_that_it_is_the_end
                    sealed_secrets_are_kept_until_the_log_is_closed
                }
                trimming {
                    whatever_is_appended_and_read_offsets_and_gaps_are_exact
                    a_long_log_keeps_its_head_and_its_tail
                }
                delivery {
                    an_end_with_a_callback_is_a_delivery_that_waits_for_the_log
                }
                claims {
                    plugins_and_addresses_are_told_of_what_happens
                    a_success_is_not_mailed_to_who_wants_failures
                    without_a_mail_server_no_mail_is_written
                    one_that_is_due_is_claimed_once
                    who_has_no_lease_claims_nothing
                    a_lane_that_is_busy_is_passed_over
                    what_is_settled_stays_so
                    who_was_overtaken_settles_nothing
                    of_many_who_claim_at_once_each_gets_its_own
                    a_dead_one_is_tried_again_on_somebodys_word
                    a_list_is_filtered_and_comes_in_pages
                }
                import {
                    an_imported_execution_reads_back_with_its_log
                    imported_again_it_stays_as_it_was
                    ids_follow_the_time_of_creation
                    a_name_that_another_one_has_is_replaced
                    whatever_its_status_says_it_is_over
                    what_is_missing_of_its_log_is_told
                    of_a_long_log_head_and_tail_are_kept
                    lists_show_it_among_the_others
                }
                whole {
                    nothing_is_found_by_an_unknown_id
                    everything_is_the_same_after_the_store_was_reopened
                }
                pieces {
                    read_in_any_pieces_a_log_is_the_same
                    a_reader_who_begins_in_the_middle_gets_the_rest
                }
                sealing {
                    what_is_written_is_sealed_once_in_batches_that_follow_each_other
                    the_chain_goes_on_after_a_restart
                    of_many_replicas_each_row_gets_one_seal
                    a_trail_of_many_pages_is_verified
                    whatever_is_changed_after_sealing_is_found
                    an_end_that_is_gone_and_a_trail_written_anew_show_by_a_seal_that_was_noted
                    a_seal_that_was_replaced_with_its_rows_breaks_the_chain
                }
                audit {
                    refusals_are_rows_with_a_count
                    a_page_of_the_trail_goes_from_new_to_old_and_filters
                    each_unit_of_work_that_somebody_asked_for_leaves_one_row
                    the_installation_has_an_id_that_stays
                    a_store_that_can_be_written_to_says_so
                }
            }
        }
    };
}

/// One test per case, in a module per group.
#[macro_export]
macro_rules! store_cases {
    ($subject:ty; $($group:ident { $($case:ident)* })*) => {
        $(mod $group {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                use $crate::store::subject::Subject as _;
                $crate::store::$group::$case(<$subject>::fresh().await).await;
            })*
        })*
    };
}
