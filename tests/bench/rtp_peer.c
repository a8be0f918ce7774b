/* The far ends of many calls: callers on one UDP socket, agents' telephones on another. A leg begins with the first RTP packet
 * that the server sends to us and is known by the server's port; from then on we send it a packet every 20 ms until the server
 * has been silent for a while. Audio carries a stamp, so that what crosses the server is measured on the other side: loss and
 * delay from end to end, whatever the server does to sequence numbers. A side can instead answer with the last payload that it
 * heard (--mirror), which keeps a codec busy that this program cannot make, such as Opus.
 *
 *   cc -O2 -o rtp_peer rtp_peer.c
 *   rtp_peer [--bind ADDRESS] [--callers PORT] [--agents PORT] [--mirror callers|agents] [--digit KEY,AFTER_MS]
 *
 * SIGUSR1 prints what happened since the last report as one line of JSON and begins anew; SIGUSR2 forgets all legs, as telephones do
 * that are sent to from elsewhere after a restart; SIGTERM prints and ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    CALLERS, AGENTS, SIDES,
    PACKET_MS = 20,
    AUDIO_BYTES = 160,             /* 20 ms of G.711 */
    DATAGRAM_MAX = 1500,
    MIRROR_MAX = 512,
    BATCH = 64,
    SILENCE_MS_MAX = 3000,         /* longer than the pause between two keep-alive packets */
    DELAY_BIN_US = 20, DELAY_BINS = 25000,   /* up to half a second */
    KEY_PACKETS = 8, KEY_END_PACKETS = 3, KEY_PAYLOAD_TYPE = 101,
    RECEIVE_BUFFER = 8 << 20,
};
static const uint32_t STAMP_MARK = 0xC3A11A7Au;

struct stamp { uint32_t mark, leg; uint64_t number, sent_ns; };

struct leg {
    struct sockaddr_in server;
    uint32_t id, ssrc, timestamp;
    uint16_t sequence;
    uint8_t payload_type;
    uint64_t born_ns, heard_ns, sent;
    int key_packet;
    /* the stamped stream that arrives here */
    uint32_t from_leg;
    uint64_t last_number;
    bool has_stream, hears;
    int mirrored;
    uint8_t mirror[MIRROR_MAX];
};
struct crowd { struct leg **legs; int count, room; };

static struct {
    uint64_t sent, unsent, heard, crossed, lost, late_ticks, delays[DELAY_BINS];
} tally;
static struct leg *by_port[SIDES][65536];
static struct crowd due[SIDES][PACKET_MS]; /* by the millisecond in which they send */
static int sockets[SIDES];
static bool mirrors[SIDES];
static int key = -1, key_after_ms;
static uint32_t legs_ever;
static volatile sig_atomic_t must_report, must_forget, must_stop;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void on_signal(int number) {
    if (number == SIGUSR1) must_report = 1; else if (number == SIGUSR2) must_forget = 1; else must_stop = 1;
}

static double delay_ms(double share) {
    uint64_t total = 0, seen = 0;
    for (int i = 0; i < DELAY_BINS; i++) total += tally.delays[i];
    if (total == 0) return 0;
    for (int i = 0; i < DELAY_BINS; i++) {
        seen += tally.delays[i];
        if ((double)seen >= share * (double)total) return (i + 1) * DELAY_BIN_US / 1000.0;
    }
    return DELAY_BINS * DELAY_BIN_US / 1000.0;
}

static void report(void) {
    int live[SIDES] = {0}, hearing[SIDES] = {0};
    for (int side = 0; side < SIDES; side++)
        for (int slot = 0; slot < PACKET_MS; slot++) {
            live[side] += due[side][slot].count;
            for (int i = 0; i < due[side][slot].count; i++) {
                hearing[side] += due[side][slot].legs[i]->hears;
                due[side][slot].legs[i]->hears = false;
            }
        }
    printf("{\"callers\":%d,\"agents\":%d,\"callers_hearing\":%d,\"agents_hearing\":%d,", live[CALLERS], live[AGENTS],
           hearing[CALLERS], hearing[AGENTS]);
    printf("\"sent\":%lu,\"unsent\":%lu,\"heard\":%lu,\"crossed\":%lu,\"lost\":%lu,"
           "\"delay_p50_ms\":%.2f,\"delay_p99_ms\":%.2f,\"delay_p999_ms\":%.2f,\"late_ticks\":%lu}\n",
           tally.sent, tally.unsent, tally.heard, tally.crossed, tally.lost, delay_ms(.5),
           delay_ms(.99), delay_ms(.999), tally.late_ticks);
    fflush(stdout);
    memset(&tally, 0, sizeof tally);
}

static int open_socket(const char *address, int port) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = RECEIVE_BUFFER;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        fprintf(stderr, "rtp_peer: cannot use %s:%d\n", address, port);
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return fd;
}

static struct leg *begin_leg(int side, const struct sockaddr_in *server, uint64_t at) {
    struct leg *leg = calloc(1, sizeof *leg);
    if (!leg) abort();
    leg->server = *server;
    leg->id = ++legs_ever;
    leg->ssrc = 0x5eed0000u + leg->id * 2654435761u;
    leg->timestamp = leg->id * 7919u;
    leg->born_ns = at;
    struct crowd *crowd = &due[side][leg->id % PACKET_MS];
    if (crowd->count == crowd->room) {
        crowd->room = crowd->room ? 2 * crowd->room : 32;
        crowd->legs = realloc(crowd->legs, (size_t)crowd->room * sizeof *crowd->legs);
        if (!crowd->legs) abort();
    }
    crowd->legs[crowd->count++] = leg;
    by_port[side][ntohs(server->sin_port)] = leg;
    return leg;
}

static void hear(int side, const uint8_t *packet, int length, const struct sockaddr_in *from, uint64_t at) {
    bool is_rtcp = length > 1 && packet[1] >= 192 && packet[1] <= 223; /* RFC 5761 4 */
    if (length < 12 || packet[0] >> 6 != 2 || is_rtcp) return;
    struct leg *leg = by_port[side][ntohs(from->sin_port)];
    if (!leg) leg = begin_leg(side, from, at);
    leg->heard_ns = at;
    tally.heard++;
    int payload_type = packet[1] & 0x7f, payload = 12 + 4 * (packet[0] & 15), payload_length = length - payload;
    if (payload_type == KEY_PAYLOAD_TYPE || payload_length <= 0) return;
    if (mirrors[side]) {
        leg->payload_type = (uint8_t)payload_type;
        leg->mirrored = payload_length < MIRROR_MAX ? payload_length : MIRROR_MAX;
        memcpy(leg->mirror, packet + payload, (size_t)leg->mirrored);
        return;
    }
    struct stamp stamp;
    if (payload_length < (int)sizeof stamp) return;
    memcpy(&stamp, packet + payload, sizeof stamp);
    if (stamp.mark != STAMP_MARK) return;
    tally.crossed++;
    leg->hears = true;
    uint64_t bin = (at - stamp.sent_ns) / 1000 / DELAY_BIN_US;
    tally.delays[bin < DELAY_BINS ? bin : DELAY_BINS - 1]++;
    if (leg->has_stream && leg->from_leg == stamp.leg && stamp.number > leg->last_number)
        tally.lost += stamp.number - leg->last_number - 1;
    leg->has_stream = true;
    leg->from_leg = stamp.leg;
    leg->last_number = stamp.number;
}

static void receive(int side) {
    static uint8_t packets[BATCH][DATAGRAM_MAX];
    struct sockaddr_in from[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    int count;
    do {
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){packets[i], DATAGRAM_MAX};
            messages[i].msg_hdr = (struct msghdr){
                .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1};
        }
        count = recvmmsg(sockets[side], messages, BATCH, MSG_DONTWAIT, NULL);
        uint64_t at = now_ns();
        for (int i = 0; i < count; i++) hear(side, packets[i], (int)messages[i].msg_len, &from[i], at);
    } while (count == BATCH);
}

static void put32(uint8_t *to, uint32_t value) {
    value = htonl(value);
    memcpy(to, &value, sizeof value);
}

/* RFC 4733: updates that grow, then the end three times, all with the timestamp of the beginning. */
static int write_key(struct leg *leg, uint8_t *packet) {
    int nth = leg->key_packet++, growing = KEY_PACKETS - KEY_END_PACKETS;
    int duration = (nth < growing ? nth + 1 : growing) * AUDIO_BYTES;
    packet[1] = (uint8_t)(KEY_PAYLOAD_TYPE | (nth == 0 ? 0x80 : 0));
    put32(packet + 4, leg->timestamp - (uint32_t)(nth * AUDIO_BYTES));
    packet[12] = (uint8_t)key;
    packet[13] = (uint8_t)((nth >= growing ? 0x80 : 0) | 10);
    packet[14] = (uint8_t)(duration >> 8);
    packet[15] = (uint8_t)duration;
    return 16;
}

static int write_packet(int side, struct leg *leg, uint8_t *packet, uint64_t at) {
    int length = 12;
    bool is_key = side == CALLERS && key >= 0 && leg->key_packet < KEY_PACKETS
        && at - leg->born_ns >= (uint64_t)key_after_ms * 1000000ull;
    packet[0] = 0x80;
    leg->sequence++;
    leg->timestamp += mirrors[side] ? 960 : AUDIO_BYTES; /* the clock of Opus, or of G.711 */
    if (is_key) {
        length = write_key(leg, packet);
    } else {
        put32(packet + 4, leg->timestamp);
        if (mirrors[side]) {
            packet[1] = leg->payload_type;
            memcpy(packet + 12, leg->mirror, (size_t)leg->mirrored);
            length += leg->mirrored;
        } else {
            struct stamp stamp = {STAMP_MARK, leg->id, leg->sent, now_ns()};
            packet[1] = 0;
            memset(packet + 12, 0xff, AUDIO_BYTES);
            memcpy(packet + 12, &stamp, sizeof stamp);
            length += AUDIO_BYTES;
        }
        leg->sent++;
    }
    packet[2] = (uint8_t)(leg->sequence >> 8);
    packet[3] = (uint8_t)leg->sequence;
    put32(packet + 8, leg->ssrc);
    return length;
}

static void send_due(int side, int slot) {
    static uint8_t packets[BATCH][DATAGRAM_MAX];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    struct crowd *crowd = &due[side][slot];
    uint64_t at = now_ns();
    int filled = 0;
    for (int i = 0; i < crowd->count || filled > 0;) {
        if (i < crowd->count) {
            struct leg *leg = crowd->legs[i];
            if (at > leg->heard_ns && at - leg->heard_ns > SILENCE_MS_MAX * 1000000ull) {
                by_port[side][ntohs(leg->server.sin_port)] = NULL;
                crowd->legs[i] = crowd->legs[--crowd->count];
                free(leg);
                continue;
            }
            i++;
            if (mirrors[side] && leg->mirrored == 0) continue;
            parts[filled] = (struct iovec){packets[filled], (size_t)write_packet(side, leg, packets[filled], at)};
            messages[filled].msg_hdr = (struct msghdr){
                .msg_name = &leg->server, .msg_namelen = sizeof leg->server, .msg_iov = &parts[filled], .msg_iovlen = 1};
            filled++;
        }
        if (filled == BATCH || (i >= crowd->count && filled > 0)) {
            int sent = sendmmsg(sockets[side], messages, (unsigned)filled, MSG_DONTWAIT);
            tally.sent += sent > 0 ? (uint64_t)sent : 0;
            tally.unsent += (uint64_t)(filled - (sent > 0 ? sent : 0));
            filled = 0;
        }
    }
}

static void forget_legs(void) {
    for (int side = 0; side < SIDES; side++)
        for (int slot = 0; slot < PACKET_MS; slot++) {
            for (int i = 0; i < due[side][slot].count; i++) free(due[side][slot].legs[i]);
            due[side][slot].count = 0;
        }
    memset(by_port, 0, sizeof by_port);
}

static int side_named(const char *name) {
    if (strcmp(name, "callers") == 0) return CALLERS;
    if (strcmp(name, "agents") == 0) return AGENTS;
    fprintf(stderr, "rtp_peer: no side %s\n", name);
    exit(2);
}

int main(int count, char **words) {
    const char *address = "127.0.0.1";
    int ports[SIDES] = {41000, 41002};
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = words[i], *value = words[i + 1];
        if (strcmp(name, "--bind") == 0) address = value;
        else if (strcmp(name, "--callers") == 0) ports[CALLERS] = atoi(value);
        else if (strcmp(name, "--agents") == 0) ports[AGENTS] = atoi(value);
        else if (strcmp(name, "--mirror") == 0) mirrors[side_named(value)] = true;
        else if (strcmp(name, "--digit") != 0 || sscanf(value, "%d,%d", &key, &key_after_ms) != 2) {
            fprintf(stderr, "rtp_peer: do not know %s %s\n", name, value);
            return 2;
        }
    }
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    for (int side = 0; side < SIDES; side++) sockets[side] = open_socket(address, ports[side]);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec every_ms = {{0, 1000000}, {0, 1000000}};
    timerfd_settime(timer, 0, &every_ms, NULL);
    struct pollfd waits[] = {{sockets[CALLERS], POLLIN, 0}, {sockets[AGENTS], POLLIN, 0}, {timer, POLLIN, 0}};
    for (uint64_t tick = 0; !must_stop;) {
        poll(waits, 3, 1000);
        for (int side = 0; side < SIDES; side++) receive(side);
        uint64_t passed;
        if (read(timer, &passed, sizeof passed) == sizeof passed) {
            /* Whoever is a whole packet late skips it: bursts would be a load of our own making. */
            if (passed > PACKET_MS) {
                tally.late_ticks += passed - PACKET_MS;
                tick += passed - PACKET_MS;
                passed = PACKET_MS;
            }
            for (; passed > 0; passed--, tick++)
                for (int side = 0; side < SIDES; side++) send_due(side, (int)(tick % PACKET_MS));
        }
        if (must_forget) {
            must_forget = 0;
            forget_legs();
        }
        if (must_report) {
            must_report = 0;
            report();
        }
    }
    report();
    return 0;
}
