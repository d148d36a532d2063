-- Version 2's tables as its fourteen migrations leave them.

CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
INSERT INTO schema_migrations VALUES (14, FALSE);

CREATE TABLE jobs_execution_audit_log (
    id                               serial PRIMARY KEY,
    job_name                         varchar(255),
    image_name                       varchar(255),
    job_name_submitted_for_execution varchar(255) UNIQUE,
    job_args                         text,
    job_submission_status            varchar(255),
    created_at                       timestamp DEFAULT now(),
    job_execution_status             varchar(255) DEFAULT 'WAITING',
    user_email                       varchar(255),
    updated_at                       timestamp DEFAULT now()
);

CREATE TABLE execution_context (
    id         bigint PRIMARY KEY,
    job_name   varchar(255),
    user_email varchar(255),
    image_tag  text,
    args       text,
    output     bytea,
    status     varchar(255),
    created_at timestamp DEFAULT now(),
    updated_at timestamp DEFAULT now(),
    name       varchar(255) DEFAULT NULL
);

CREATE TABLE schedule (
    id                  bigint PRIMARY KEY,
    job_name            varchar(255),
    args                text,
    cron                varchar(255),
    notification_emails varchar(255),
    user_email          varchar(255),
    "group"             varchar(255),
    enabled             boolean,
    created_at          timestamp DEFAULT now(),
    updated_at          timestamp DEFAULT now(),
    tags                varchar(255)
);

CREATE TABLE schedule_context (
    id                   bigint PRIMARY KEY,
    schedule_id          bigint REFERENCES schedule (id) ON DELETE CASCADE ON UPDATE CASCADE,
    execution_context_id bigint UNIQUE REFERENCES execution_context (id) ON DELETE CASCADE ON UPDATE CASCADE,
    created_at           timestamp DEFAULT now(),
    updated_at           timestamp DEFAULT now()
);
