/* What the kernel asks for a relayed packet of audio: one thread receives datagrams in batches from one socket of the loopback and
 * sends each on from another, and nothing else. The floor below which no relay of packets through this machine can be.
 *
 *   cc -O2 -o udp_floor udp_floor.c
 *   udp_floor [PACKETS]
 *
 * Prints one line of JSON: packets relayed, and nanoseconds of this process's processor time for each. Packets are made by the same
 * sends, so a packet costs one send and one receipt.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, OCTETS = 172 };

static int opened(struct sockaddr_in *at) {
    int one = socket(AF_INET, SOCK_DGRAM, 0);
    socklen_t length = sizeof *at;
    memset(at, 0, sizeof *at);
    at->sin_family = AF_INET;
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (one < 0 || bind(one, (struct sockaddr *)at, sizeof *at) || getsockname(one, (struct sockaddr *)at, &length)) {
        perror("udp_floor");
        exit(1);
    }
    return one;
}

int main(int count, char **words) {
    long packets = count > 1 ? atol(words[1]) : 1000000, relayed = 0;
    struct sockaddr_in here, there;
    int one = opened(&here), other = opened(&there);
    static char octets[BATCH][OCTETS + 28];
    struct iovec pieces[BATCH];
    struct mmsghdr out[BATCH], in[BATCH];
    memset(out, 0, sizeof out);
    memset(in, 0, sizeof in);
    for (int i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){ octets[i], OCTETS };
        out[i].msg_hdr = (struct msghdr){ .msg_name = &there, .msg_namelen = sizeof there, .msg_iov = &pieces[i], .msg_iovlen = 1 };
        in[i].msg_hdr = (struct msghdr){ .msg_iov = &pieces[i], .msg_iovlen = 1 };
    }
    while (relayed < packets) {
        int sent = sendmmsg(one, out, BATCH, 0);
        if (sent < 1) { perror("udp_floor: sendmmsg"); return 1; }
        for (int left = sent; left > 0;) {
            int taken = recvmmsg(other, in, left, 0, NULL);
            if (taken < 1) { perror("udp_floor: recvmmsg"); return 1; }
            left -= taken;
        }
        relayed += sent;
    }
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    printf("{\"packets\": %ld, \"packet_ns\": %.1f}\n", relayed, (spent.tv_sec * 1e9 + spent.tv_nsec) / relayed);
    return 0;
}
