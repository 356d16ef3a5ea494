/* A command's requests on each road: here, at an agent that this very program plays,
 * and from one to the other. */
#include "net/agent.h"
#include "net/call.h"
#include "net/local.h"

#include "lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define PHRASE  "apple bridge cherry garden window"
#define MINUTES UINT64_C(60000)

static char root[64], data[96], run[96], state_dir[96];

/* Minutes by which every clock of this test is ahead, agents' too. */
static uint64_t *ahead_ms;

static void open_clock(void)
{
    char path[96];
    int fd;

    snprintf(path, sizeof path, "%s/clock", root);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *ahead_ms) != 0)
        _exit(1);
    ahead_ms =
        mmap(NULL, sizeof *ahead_ms, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (ahead_ms == MAP_FAILED)
        _exit(1);
}

static uint64_t later(void *user)
{
    struct en_clock c = en_clock_system();

    (void)user;
    return c.now_ms(c.user) + *ahead_ms;
}

static struct en_clock test_clock(void)
{
    struct en_clock c = en_clock_system();

    c.now_ms = later;
    return c;
}

static void name_paths(const char *at)
{
    snprintf(root, sizeof root, "%s", at);
    snprintf(data, sizeof data, "%s/data", root);
    snprintf(run, sizeof run, "%s/run", root);
    snprintf(state_dir, sizeof state_dir, "%s/state", root);
    open_clock();
}

static int play_agent(void)
{
    struct en_agent_env env = {.vault_dir = data,
                               .run_dir = run,
                               .state_dir = state_dir,
                               .rng = en_rng_system(),
                               .inherited = EN_LOCAL_FD};
    const char *home = getenv("EN_TEST_HOME");

    if (home == NULL || en_secret_init() != EN_OK)
        return 1;
    name_paths(home);
    env.clock = test_clock();
    return en_agent_run(&env) == EN_OK ? 0 : 1;
}

/* What the command says when it is asked. */
static const char *known = PHRASE;
static unsigned asked;

static en_err say_phrase(void *user, struct en_secret *out, struct en_why *why)
{
    (void)user;
    (void)why;
    asked++;
    return en_secret_copy(out, en_span_str(known));
}

static struct en_call *new_call(const char *run_dir)
{
    struct en_call_env env = {.vault_dir = data,
                              .run_dir = run_dir,
                              .rng = en_rng_system(),
                              .clock = test_clock(),
                              .passphrase = say_phrase};
    struct en_call *c = NULL;

    assert_ok(en_call_new(&c, &env));
    asked = 0;
    known = PHRASE;
    return c;
}

static en_err keep_state(void *user, struct en_span item)
{
    en_err err = en_rpc_get_state(item, user);

    ((struct en_rpc_state *)user)->name = (struct en_span){0};
    return err;
}

static struct en_rpc_state state_of(struct en_call *c)
{
    struct en_rpc_state s = {0};

    assert_ok(en_call(c, EN_RPC_STATE, en_rpc_nothing(), keep_state, &s, NULL));
    return s;
}

static en_err count(void *user, struct en_span item)
{
    (void)item;
    ++*(size_t *)user;
    return EN_OK;
}

static en_err list(struct en_call *c, size_t *n, struct en_why *why)
{
    struct en_rpc_filter f = {0};
    struct en_buf args = {0};
    en_err err = en_rpc_put_filter(&args, &f);

    *n = 0;
    if (err == EN_OK)
        err = en_call(c, EN_RPC_LIST, en_buf_span(&args), count, n, why);
    en_buf_free(&args);
    return err;
}

static void write_entry(struct en_call *c, const char *text)
{
    struct en_rpc_write w = {.text = en_span_str(text)};
    struct en_buf args = {0};

    assert_ok(en_rpc_put_write(&args, &w));
    assert_ok(en_call(c, EN_RPC_WRITE, en_buf_span(&args), NULL, NULL, NULL));
    en_buf_free(&args);
}

static void stop_agent(struct en_call *c)
{
    assert_ok(
        en_call(c, EN_RPC_AGENT_STOP, en_rpc_nothing(), NULL, NULL, NULL));
}

static int make(void **state)
{
    struct en_rpc_init init = {.passphrase = BYTES(PHRASE),
                               .name = BYTES("Amina B."),
                               .device = BYTES("computer"),
                               .kit = BYTES("paper"),
                               .lang = EN_LANG_EN,
                               .weak = true};
    struct en_buf args = {0};
    struct en_call *c;
    char at[64];

    (void)state;
    snprintf(at, sizeof at, "/tmp/en-call-XXXXXX");
    assert_non_null(mkdtemp(at));
    name_paths(at);
    *ahead_ms = 0;
    assert_int_equal(setenv("EN_TEST_HOME", at, 1), 0);
    c = new_call(run);
    assert_ok(en_rpc_put_init(&args, &init));
    assert_ok(en_call(c, EN_RPC_INIT, en_buf_span(&args), NULL, NULL, NULL));
    en_buf_free(&args);
    write_entry(c, "Kept.");
    en_call_free(c);
    return 0;
}

static int unmake(void **state)
{
    struct en_call *c = new_call(run);
    char line[128];

    (void)state;
    (void)en_call(c, EN_RPC_AGENT_STOP, en_rpc_nothing(), NULL, NULL, NULL);
    en_call_free(c);
    (void)munmap(ahead_ms, sizeof *ahead_ms);
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line);
}

static void without_an_agent_a_command_opens_and_shuts_by_itself(void **state)
{
    struct en_call *c = new_call(run);
    struct en_rpc_state s = state_of(c);
    size_t n;

    (void)state;
    assert_int_equal(s.vault, EN_VAULT_LOCKED);
    assert_false(s.agent);
    assert_int_equal(asked, 0);
    assert_ok(list(c, &n, NULL));
    assert_int_equal(n, 1);
    assert_ok(list(c, &n, NULL));
    assert_int_equal(asked, 1);
    s = state_of(c);
    assert_int_equal(s.vault, EN_VAULT_OPEN);
    assert_int_equal(s.until_ms, 0); /* to the command's end */
    en_call_free(c);
    c = new_call(run);
    assert_int_equal(state_of(c).vault, EN_VAULT_LOCKED);
    en_call_free(c);
}

static void a_wrong_passphrase_is_asked_once(void **state)
{
    struct en_call *c = new_call(run);
    size_t n;

    (void)state;
    known = "another phrase altogether";
    assert_err(list(c, &n, NULL), EN_PASSPHRASE);
    assert_int_equal(asked, 1);
    en_call_free(c);
}

static void an_agent_takes_over_what_the_command_had_open(void **state)
{
    struct en_secret phrase = {0};
    struct en_call *c = new_call(run), *other;
    struct en_rpc_state s;
    size_t n;

    (void)state;
    assert_ok(list(c, &n, NULL)); /* open here */
    assert_ok(en_secret_copy(&phrase, BYTES(PHRASE)));
    assert_ok(en_call_agent(c, &phrase, 60, NULL));
    s = state_of(c);
    assert_true(s.agent);
    assert_int_equal(s.vault, EN_VAULT_OPEN);
    assert_int_equal(s.until_ms - s.since_ms, 60 * 60000);
    write_entry(c, "By the agent.");
    en_call_free(c);

    /* It outlives the command, and the next one is not asked. */
    other = new_call(run);
    assert_ok(list(other, &n, NULL));
    assert_int_equal(n, 2);
    assert_int_equal(asked, 0);
    /* Again: the agent that is there is as good. */
    assert_ok(en_call_agent(other, &phrase, 0, NULL));
    en_secret_free(&phrase);

    /* Stopped, it has given the vault back by the time it says so. */
    stop_agent(other);
    en_call_free(other);
    other = new_call(run);
    assert_ok(list(other, &n, NULL));
    assert_int_equal(n, 2);
    assert_int_equal(asked, 1);
    assert_false(state_of(other).agent);
    en_call_free(other);
}

static void a_locked_agent_is_unlocked_by_who_needs_it(void **state)
{
    struct en_call *c = new_call(run);
    size_t n;

    (void)state;
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    assert_int_equal(state_of(c).vault, EN_VAULT_LOCKED);
    assert_true(state_of(c).agent);
    known = "another phrase altogether";
    assert_err(list(c, &n, NULL), EN_PASSPHRASE);
    assert_int_equal(asked, 1);
    known = PHRASE;
    assert_ok(list(c, &n, NULL));
    assert_int_equal(asked, 2);
    assert_int_equal(state_of(c).vault, EN_VAULT_OPEN);
    assert_ok(en_call(c, EN_RPC_LOCK, en_rpc_nothing(), NULL, NULL, NULL));
    assert_int_equal(state_of(c).vault, EN_VAULT_LOCKED);
    en_call_free(c);
}

static void half_an_hour_without_a_request_locks(void **state)
{
    struct en_call *c = new_call(run);
    size_t n;

    (void)state;
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    assert_ok(list(c, &n, NULL));
    *ahead_ms += 29 * MINUTES;
    assert_ok(list(c, &n, NULL)); /* counts anew from here */
    *ahead_ms += 29 * MINUTES;
    assert_int_equal(state_of(c).vault, EN_VAULT_OPEN); /* a look is no use */
    *ahead_ms += 2 * MINUTES;
    assert_int_equal(state_of(c).vault, EN_VAULT_LOCKED);
    en_call_free(c);
}

static void the_hard_limit_locks_however_busy(void **state)
{
    struct en_secret phrase = {0};
    struct en_call *c = new_call(run);
    size_t n;

    (void)state;
    assert_ok(en_secret_copy(&phrase, BYTES(PHRASE)));
    assert_ok(en_call_agent(c, &phrase, 60, NULL));
    en_secret_free(&phrase);
    for (unsigned i = 0; i < 5; i++) {
        *ahead_ms += 11 * MINUTES;
        assert_ok(list(c, &n, NULL));
        assert_int_equal(asked, 0);
    }
    *ahead_ms += 6 * MINUTES;
    assert_int_equal(state_of(c).vault, EN_VAULT_LOCKED);
    en_call_free(c);
}

/* In another process, which has the vault open and is no agent. */
static void who_holds_the_vault_without_an_agent_is_told_as_busy(void **state)
{
    int ready[2], done[2];
    struct en_why why = {0};
    struct en_call *c;
    size_t n;
    pid_t pid;
    char b = 0;

    (void)state;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    assert_int_equal(pipe2(done, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        (void)close(done[1]);
        c = new_call(run);
        if (list(c, &n, NULL) != EN_OK)
            _exit(1);
        (void)!write(ready[1], &b, 1);
        (void)!read(done[0], &b, 1);
        en_call_free(c);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &b, 1), 1);
    c = new_call(run);
    assert_err(list(c, &n, &why), EN_BUSY);
    assert_int_equal(why.reason, EN_WHY_OWNER);
    (void)close(done[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_ok(list(c, &n, NULL));
    en_call_free(c);
    (void)close(done[0]);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void an_agent_of_another_is_found_when_the_vault_is_busy(void **state)
{
    struct en_call *c = new_call(run), *other = new_call(run);
    size_t n;

    (void)state;
    assert_int_equal(state_of(c).vault, EN_VAULT_LOCKED); /* looked: nobody */
    assert_ok(en_call_agent(other, NULL, 0, NULL));
    assert_ok(list(other, &n, NULL)); /* now the agent holds the vault */
    assert_ok(list(c, &n, NULL));
    assert_int_equal(n, 1);
    assert_true(state_of(c).agent);
    en_call_free(c);
    en_call_free(other);
}

static void an_agent_that_goes_away_is_no_answer_and_no_end(void **state)
{
    struct en_call *c = new_call(run), *other;
    size_t n;

    (void)state;
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    assert_ok(list(c, &n, NULL));
    other = new_call(run);
    stop_agent(other);
    en_call_free(other);
    assert_err(list(c, &n, NULL), EN_CLOSED);
    assert_ok(list(c, &n, NULL));
    assert_int_equal(n, 1);
    en_call_free(c);
}

/* What is no request, on the socket itself. */
static int raw(void)
{
    int fd = -1;

    assert_ok(en_local_connect(run, &fd));
    return fd;
}

static void what_is_no_frame_ends_that_caller_alone(void **state)
{
    static const uint8_t zero[4] = {0}, giant[8] = {0xff, 0xff, 0xff, 0xff},
                         nonsense[] = {3, 0, 0, 0, 'a', 'b', 'c'},
                         half[] = {100, 0, 0, 0, 1, 2};
    struct en_call *c = new_call(run);
    uint8_t in[256];
    size_t n;
    int fd;

    (void)state;
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    fd = raw();
    assert_int_equal(send(fd, zero, sizeof zero, MSG_NOSIGNAL), sizeof zero);
    assert_int_equal(recv(fd, in, sizeof in, 0), 0);
    (void)close(fd);
    fd = raw();
    assert_int_equal(send(fd, giant, sizeof giant, MSG_NOSIGNAL), sizeof giant);
    assert_true(recv(fd, in, sizeof in, 0) <= 0);
    (void)close(fd);
    fd = raw(); /* a frame of nonsense is answered, by an error */
    assert_int_equal(send(fd, nonsense, sizeof nonsense, MSG_NOSIGNAL),
                     sizeof nonsense);
    assert_true(recv(fd, in, sizeof in, 0) > 4);
    assert_int_equal(send(fd, half, sizeof half, MSG_NOSIGNAL), sizeof half);
    (void)close(fd);
    assert_ok(list(c, &n, NULL));
    assert_int_equal(n, 1);
    en_call_free(c);
}

static void there_are_only_so_many_callers(void **state)
{
    struct en_call *c = new_call(run);
    int fd[80];
    uint8_t in;
    size_t n;
    unsigned refused = 0;

    (void)state;
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    for (size_t i = 0; i < 80; i++)
        fd[i] = raw();
    /* Answered after all of them: by then they have been counted. */
    assert_ok(list(c, &n, NULL));
    for (size_t i = 0; i < 80; i++) {
        refused += recv(fd[i], &in, 1, MSG_DONTWAIT) == 0;
        (void)close(fd[i]);
    }
    assert_true(refused >= 16);
    assert_ok(list(c, &n, NULL));
    en_call_free(c);
}

static bool yes(void *user)
{
    (void)user;
    return true;
}

static void on_alarm(int sig)
{
    (void)sig;
}

static void a_signal_ends_a_wait_when_the_command_says_so(void **state)
{
    struct sigaction act = {.sa_handler = on_alarm}, before;
    struct en_call_env env = {.vault_dir = data,
                              .run_dir = run,
                              .rng = en_rng_system(),
                              .clock = test_clock(),
                              .passphrase = say_phrase,
                              .cancelled = yes};
    struct en_rpc_watch w = {.since = UINT32_MAX, .timeout_ms = 60000};
    struct en_buf args = {0};
    struct en_why why = {0};
    struct en_call *c;

    (void)state;
    assert_ok(en_call_new(&c, &env));
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    assert_ok(en_rpc_put_watch(&args, &w));
    (void)sigaction(SIGALRM, &act, &before);
    (void)ualarm(200000, 0);
    assert_err(
        en_call(c, EN_RPC_LINK_WATCH, en_buf_span(&args), NULL, NULL, &why),
        EN_CLOSED);
    assert_int_equal(why.reason, EN_WHY_CANCELLED);
    (void)sigaction(SIGALRM, &before, NULL);
    en_buf_free(&args);
    en_call_free(c);
}

static void without_a_folder_no_agent_is_started(void **state)
{
    struct en_call *c = new_call("");
    size_t n;

    (void)state;
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    assert_ok(list(c, &n, NULL));
    assert_false(state_of(c).agent);
    en_call_free(c);
}

static void the_log_names_nobody_and_holds_no_word(void **state)
{
    char line[512];
    struct en_call *c = new_call(run);

    (void)state;
    assert_ok(en_call_agent(c, NULL, 0, NULL));
    write_entry(c, "Zanzibar Kilimanjaro");
    stop_agent(c);
    en_call_free(c);
    snprintf(line, sizeof line,
             "test -s %s/agent.log && ! grep -riqE "
             "'amina|zanzibar|kilimanjaro|apple|%s' %s",
             state_dir, "bridge cherry", state_dir);
    assert_int_equal(system(line), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(without_an_agent_a_command_opens_and_shuts_by_itself),
        TEST(a_wrong_passphrase_is_asked_once),
        TEST(an_agent_takes_over_what_the_command_had_open),
        TEST(a_locked_agent_is_unlocked_by_who_needs_it),
        TEST(half_an_hour_without_a_request_locks),
        TEST(the_hard_limit_locks_however_busy),
        TEST(who_holds_the_vault_without_an_agent_is_told_as_busy),
        TEST(an_agent_of_another_is_found_when_the_vault_is_busy),
        TEST(an_agent_that_goes_away_is_no_answer_and_no_end),
        TEST(what_is_no_frame_ends_that_caller_alone),
        TEST(there_are_only_so_many_callers),
        TEST(a_signal_ends_a_wait_when_the_command_says_so),
        TEST(without_a_folder_no_agent_is_started),
        TEST(the_log_names_nobody_and_holds_no_word),
    };

    if (argc == 3 && strcmp(argv[1], "agent") == 0 &&
        strcmp(argv[2], "run") == 0)
        return play_agent();
    if (en_secret_init() != EN_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
