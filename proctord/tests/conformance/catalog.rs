//! What every catalog must do. Each case is given a new catalog; the list below is all of them.

pub mod procs;
pub mod secrets;
pub mod shelf;

/// Instantiates every case for one kind of catalog.
#[macro_export]
macro_rules! catalog_suite {
    ($name:ident, $shelf:ty) => {
        mod $name {
            $crate::catalog_cases! { $shelf;
                procs {
                    published_procs_come_back_whole_and_in_order
                    publishing_again_replaces_a_proc_and_leaves_its_secrets
                    many_are_published_at_once_and_never_a_part_of_them
                    an_unpublished_proc_is_gone_and_its_secrets_only_if_that_was_said
                    a_bundle_comes_back_byte_by_byte
                    everything_is_the_same_after_the_catalog_was_reopened
                }
                secrets {
                    secrets_are_set_one_by_one_and_replaced_together
                    a_removed_secret_is_gone_alone_and_once
                    secrets_may_be_set_before_their_proc_is_published
                    two_who_set_different_secrets_at_once_both_succeed
                    no_byte_of_a_secret_is_stored_in_the_clear
                    another_key_does_not_open_what_is_stored
                    after_a_rotation_older_secrets_still_open
                    what_is_sealed_for_an_execution_opens_for_it_alone
                }
            }
        }
    };
}

/// One test per case, in a module per group.
#[macro_export]
macro_rules! catalog_cases {
    ($shelf:ty; $($group:ident { $($case:ident)* })*) => {
        $(mod $group {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                use $crate::catalog::shelf::{KEYS, Shelf as _};
                $crate::catalog::$group::$case(<$shelf>::fresh(KEYS).await).await;
            })*
        })*
    };
}
