/*
 * A long link between two network namespaces, for kernels without netem: a TUN device at each end, and between them, in
 * each direction, a queue of limited length, a sender of limited rate, a delay, and a chance to lose a packet.
 *
 *   delay-line NAMESPACE DEVICE NAMESPACE DEVICE DELAY_MS MEGABITS LOSS_PERCENT QUEUE_KIB
 *
 * Prints "ready" once both devices are there, and runs until it is killed; the devices go with it. Packets keep their
 * order. A rate of 0 is no limit.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
  max_packet = 1600,
  /* 1 Gbit/s over a second of delay and queue, in the smallest full packets. */
  slots = 1 << 17,
  /* Packets taken from one device before the other has its turn. */
  batch = 64,
  /* What an Ethernet frame adds to an IP packet. */
  frame_header = 14,
};

struct packet {
  uint64_t due_ns;
  uint16_t length;
  unsigned char bytes[max_packet];
};

/* One direction: a ring of packets on their way, and when the sender will have sent all of them. */
struct direction {
  struct packet *ring;
  uint64_t head, tail;
  uint64_t sender_free_ns;
};

static uint64_t delay_ns, queue_ns;
static double ns_per_byte;
static uint64_t loss_limit;
/* xorshift: the same losses in every run. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static int open_device(const char *namespace, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(path);
  close(space);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
  if (ioctl(device, TUNSETIFF, &request) < 0) fail(name);
  return device;
}

/* Takes what the device has sent; a packet that finds the queue full, or has bad luck, is gone. */
static void take(struct direction *direction, int device) {
  for (int count = 0; count < batch; count++) {
    struct packet *packet = &direction->ring[direction->tail % slots];
    ssize_t length = read(device, packet->bytes, max_packet);
    if (length <= 0) return;
    uint64_t now = now_ns();
    if (next_random() < loss_limit || direction->tail - direction->head == slots - 1) continue;
    if (direction->sender_free_ns < now) direction->sender_free_ns = now;
    if (direction->sender_free_ns - now > queue_ns) continue;
    direction->sender_free_ns += (uint64_t)((double)(length + frame_header) * ns_per_byte);
    packet->due_ns = direction->sender_free_ns + delay_ns;
    packet->length = (uint16_t)length;
    direction->tail++;
  }
}

/* Hands over what is due; returns when the next one is, or UINT64_MAX. */
static uint64_t deliver(struct direction *direction, int device) {
  for (; direction->head < direction->tail; direction->head++) {
    struct packet *packet = &direction->ring[direction->head % slots];
    if (packet->due_ns > now_ns()) return packet->due_ns;
    /* A device that takes no more, or is not up yet (EIO), loses the packet, as a network would. */
    if (write(device, packet->bytes, packet->length) < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EIO)
      fail("write");
  }
  return UINT64_MAX;
}

int main(int count, char **words) {
  if (count != 9) {
    fputs("delay-line NAMESPACE DEVICE NAMESPACE DEVICE DELAY_MS MEGABITS LOSS_PERCENT QUEUE_KIB\n", stderr);
    return 2;
  }
  double megabits = atof(words[6]);
  delay_ns = (uint64_t)(atof(words[5]) * 1e6);
  ns_per_byte = megabits > 0 ? 8000 / megabits : 0;
  loss_limit = (uint64_t)(atof(words[7]) / 100 * 18446744073709551615.0);
  queue_ns = (uint64_t)(atof(words[8]) * 1024 * ns_per_byte);
  int devices[2] = {open_device(words[1], words[2]), open_device(words[3], words[4])};
  struct direction directions[2] = {0};
  for (int side = 0; side < 2; side++) {
    directions[side].ring = calloc(slots, sizeof(struct packet));
    if (directions[side].ring == NULL) fail("calloc");
  }
  puts("ready");
  fflush(stdout);

  for (;;) {
    uint64_t next_ns = UINT64_MAX;
    for (int side = 0; side < 2; side++) {
      take(&directions[side], devices[side]);
      uint64_t due_ns = deliver(&directions[side], devices[1 - side]);
      if (due_ns < next_ns) next_ns = due_ns;
    }
    uint64_t now = now_ns();
    uint64_t wait_ns = next_ns == UINT64_MAX ? 1000000000 : next_ns > now ? next_ns - now : 0;
    struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000), .tv_nsec = (long)(wait_ns % 1000000000)};
    struct pollfd polled[2] = {{.fd = devices[0], .events = POLLIN}, {.fd = devices[1], .events = POLLIN}};
    if (ppoll(polled, 2, &wait, NULL) < 0 && errno != EINTR) fail("poll");
  }
}
