use super::*;

#[test]
fn a_secret_is_known_by_its_name_however_it_is_written() {
    for name in [
        "password",
        "Passwd",
        "PWD",
        "pass",
        "user_password",
        "passwordHash",
        "client-secret",
        "access_token",
        "X-Auth-Token",
        "api_key",
        "apiKey",
        "APIKey",
        "APIKEY",
        "X-API-KEY",
        "Authorization",
        "Proxy-Authorization",
        "Set-Cookie",
        "card",
        "card_number",
        "cardNumber",
        "credit-card",
        "cvv",
        "CVC2",
        "csrftoken",
        "private_key",
        "DEBUG_TOKEN",
        "aws.accessKey",
        "accessKeyId",
        "credentials",
        "jwt",
        "X-Auth",
        "session_id",
        "X-Auth-Key",
        "Ocp-Apim-Subscription-Key",
        "X-Functions-Key",
        "Authentication",
        "Cf-Access-Jwt-Assertion",
        "X-Session",
        "auth_key",
        "PHPSESSID",
        "JSESSIONID",
        "ASP.NET_SessionId",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "sig",
        "otp",
        "totp",
        "accessJwt",
        "refreshJwt",
        "ssn",
        "iban",
        "IBAN",
        "cc_number",
        "ccNumber",
        "connect.sid",
        "laravel_session",
        "userSession",
        "usersession",
        "sso",
        "SAMLResponse",
        "mfa_code",
        "smsCode",
        "pin",
        "PIN",
        "pin_code",
        "xsrf",
        "XSRF-TOKEN",
        "authkey",
        "basicAuth",
        "proxyauth",
        "oauth_verifier",
        "oauth2",
        "passphrase",
        "passcode",
        "mysql_pwd",
        "signing_key",
        "subscriptionkey",
        "SharedAccessKey",
        "AccountKey",
        "api_keys",
        "sessionToken",
        "passport_number",
        "account_number",
        "social_security_number",
        "two_factor",
        "pass_word",
        "user[password]",
        "Stripe-Signature",
        "X-Hub-Signature-256",
        "client_assertion",
        "ssh_key",
    ] {
        assert!(is_secret(name), "{name}");
        assert!(is_secret_of_client(name), "{name}");
    }
}

#[test]
fn what_only_a_client_means_as_a_secret_is_filtered_only_in_what_it_sent() {
    for name in ["code", "session", "key", "sid", "Key", "assertion"] {
        assert!(is_secret_of_client(name) && !is_secret(name), "{name}");
    }
}

#[test]
fn what_people_need_to_see_is_left_alone() {
    for name in [
        "user_id",
        "author",
        "authority",
        "cardinality",
        "discarded",
        "wildcard",
        "pinned",
        "spinning",
        "compass",
        "passenger",
        "sentry-trace",
        "traceparent",
        "sentry-public_key",
        "sentry-release",
        "monkey",
        "keyboard",
        "keyspace",
        "key_count",
        "routing_key",
        "messaging.rabbitmq.destination.routing_key",
        "idempotency-key",
        "Idempotency-Key",
        "idempotency_key",
        "primaryKey",
        "dup key",
        "Sec-WebSocket-Key",
        "error.code",
        "error_code",
        "status_code",
        "http.response.status_code",
        "db.code",
        "db.response.status_code",
        "country_code",
        "code_name",
        "codeName",
        "code.filepath",
        "code.lineno",
        "exit_code",
        "active_sessions",
        "session_count",
        "current_session",
        "session_duration",
        "assigned",
        "design",
        "signal",
        "opinion",
        "shipping",
        "mapping",
        "classname",
        "bypass",
        "assessment",
        "session_surge",
        "sessions",
        "tokio",
        "",
    ] {
        assert!(!is_secret(name), "{name}");
        assert!(!is_secret_of_client(name), "{name}");
    }
}

#[test]
fn names_are_remembered_up_to_a_bound_and_graded_alike_again() {
    let mut grades = HashMap::new();
    for number in 0..3 * REMEMBERED {
        let invented = format!("field_{number}");
        for (name, grade) in
            [("api_key", Grade::Field), ("invented", Grade::Harmless), (&invented, Grade::Harmless)]
        {
            assert_eq!(remembered(&mut grades, name), Some(grade), "{name}");
        }
        assert!(grades.len() <= REMEMBERED);
    }
    let long = format!("{}password", "x".repeat(LONGEST_REMEMBERED));
    assert_eq!((remembered(&mut grades, &long), grade(&long)), (None, Grade::Secret));
    assert!(!grades.contains_key(&long));
}
