use crate::run::User;

#[tokio::test]
async fn a_configuration_is_written_shown_without_its_token_and_used() {
    let user = User::new();

    user.run(&[
        "config",
        "PROCTOR_HOST=127.0.0.1:1",
        "ACCESS_TOKEN=a=secret=",
        "COLOUR=red",
    ])
    .await
    .expect_code(0)
    .expect_said("Proctor doesn't support config key: COLOUR")
    .expect_said("Proctor client configured successfully");

    let file = std::fs::read_to_string(user.path("config/proctor.yaml")).unwrap();
    assert_eq!(file, "PROCTOR_HOST: 127.0.0.1:1\nACCESS_TOKEN: a=secret=\n");
    let shown = user.run(&["config", "show"]).await.expect_code(0);
    assert_eq!(
        shown.stdout(),
        "PROCTOR_HOST: 127.0.0.1:1\nACCESS_TOKEN: <hidden>\n"
    );
    user.run(&["list"])
        .await
        .expect_code(1)
        .expect_said("127.0.0.1:1");
}

#[cfg(unix)]
#[tokio::test]
async fn file_and_folder_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = User::new();

    user.run(&["config", "PROCTOR_HOST=h"]).await.expect_code(0);

    let mode = |name: &str| {
        std::fs::metadata(user.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("config/proctor.yaml"), 0o600);
    assert_eq!(mode("config"), 0o700);
    assert_eq!(std::fs::read_dir(user.path("config")).unwrap().count(), 1);
}

#[tokio::test]
async fn an_existing_file_is_replaced_only_with_yes_where_nobody_can_be_asked() {
    let user = User::new();
    let path = user.write("config/proctor.yaml", "PROCTOR_HOST: old\n");

    user.run(&["config", "PROCTOR_HOST=new"])
        .await
        .expect_code(2)
        .expect_said("--yes");
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "PROCTOR_HOST: old\n"
    );

    user.run(&["config", "EMAIL_ID=a@b", "-y"])
        .await
        .expect_code(0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "EMAIL_ID: a@b\n");
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let user = User::new();
    user.run(&["list"])
        .await
        .expect_code(1)
        .expect_said("Config file not found in")
        .expect_said("Setup config using `proctor config PROCTOR_HOST=some.host ...`")
        .expect_said("Encountered error while loading config, exiting.");
    user.run(&["config", "show"])
        .await
        .expect_code(1)
        .expect_said("Client Config is absent");
    user.run(&["--config", "/nowhere.yaml", "execute", "x"])
        .await
        .expect_code(125)
        .expect_said("/nowhere.yaml");

    user.write("config/proctor.yaml", "EMAIL_ID: a@b\n");
    user.run(&["list"])
        .await
        .expect_code(1)
        .expect_said("Config Error!!!\nMandatory config PROCTOR_HOST is missing");
    user.write("config/proctor.yaml", "EMAIL_ID: a@b\nPROCTOR_HOST: [\n");
    user.run(&["list"])
        .await
        .expect_code(1)
        .expect_said("proctor.yaml:");
}

#[tokio::test]
async fn an_address_or_a_path_that_cannot_be_meant_is_not_written() {
    let user = User::new();
    user.run(&["config", "PROCTOR_HOST=ftp://x"])
        .await
        .expect_code(1)
        .expect_said("https://host[:port]");
    user.run(&["config", "PROCTOR_HOST=https://x", "PROCTOR_CACERT=ca.pem"])
        .await
        .expect_code(1)
        .expect_said("PROCTOR_CACERT must be a path that begins with /");
    assert!(!std::path::Path::new(&user.path("config")).exists());

    user.run(&["config", "PROCTOR_HOST=https://x", "PROCTOR_CACERT=/ca.pem"])
        .await
        .expect_code(0);
    user.run(&["list"])
        .await
        .expect_code(1)
        .expect_said("cannot be read from /ca.pem: No such file");
}
