use crate::run::User;

#[tokio::test]
async fn every_shell_gets_completions_that_know_the_commands() {
    let user = User::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = user.run(&["completion", shell]).await.expect_code(0);
        for command in ["execute", "unpublish", "whoami"] {
            assert!(ended.stdout().contains(command), "{shell} lacks {command}");
        }
        assert_eq!(ended.stderr, "");
    }
    user.run(&["completion", "csh"]).await.expect_code(2);
}

#[cfg(unix)]
#[tokio::test]
async fn bash_completes_with_them() {
    let user = User::new();
    let script = user.run(&["completion", "bash"]).await.expect_code(0);
    let path = user.write("completion.bash", &script.stdout);

    let line = format!(
        ". {path}; COMP_WORDS=(proctor unp); COMP_CWORD=1; _proctor proctor unp proctor; echo \"${{COMPREPLY[@]}}\""
    );
    let mut bash = user.program(std::path::Path::new("/bin/bash"));
    let output = bash.args(["-c", &line]).output().await.unwrap();

    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "unpublish\n",
        "{:?}",
        output.stderr
    );
}
