/* Preloaded into btvirt (BlueZ's emulator of Bluetooth controllers) where the kernel has no AF_ALG sockets.
 * btvirt opens and binds two of them for each controller and only uses them for pairing and private addresses, which
 * advertising and scanning do without. It is given UNIX sockets in their place. SIGPIPE is ignored so that a client
 * that goes away does not take the emulator along. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sys/socket.h>

typedef int (*socket_function)(int, int, int);
typedef int (*bind_function)(int, const struct sockaddr*, socklen_t);

__attribute__((constructor)) static void survive_lost_clients(void) { signal(SIGPIPE, SIG_IGN); }

int socket(int domain, int type, int protocol) {
  socket_function real = (socket_function)dlsym(RTLD_NEXT, "socket");
  int fd = real(domain, type, protocol);
  if (fd < 0 && domain == AF_ALG) fd = real(AF_UNIX, SOCK_STREAM | (type & SOCK_CLOEXEC), 0);
  return fd;
}

int bind(int fd, const struct sockaddr* address, socklen_t length) {
  bind_function real = (bind_function)dlsym(RTLD_NEXT, "bind");
  int result = real(fd, address, length);
  return address != NULL && address->sa_family == AF_ALG ? 0 : result;
}
