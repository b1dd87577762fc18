#include "wire.hh"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace jepa_mpc
{
namespace
{
[[noreturn]] void fail(const std::string &what)
{
  throw std::system_error(errno, std::generic_category(), what);
}
}  // namespace

Connection::Connection(const std::string &path)
{
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
  {
    errno = ENAMETOOLONG;
    fail(path);
  }
  std::strcpy(address.sun_path, path.c_str());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof(address)) != 0 ||
      ::listen(listener, 1) != 0)
    fail(path);
  this->socket_ = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  ::unlink(path.c_str());
  if (this->socket_ < 0)
    fail(path);
}

Connection::~Connection()
{
  ::close(this->socket_);
}

bool Connection::receive(Header &header, std::vector<std::uint8_t> &body)
{
  if (!this->readAll(&header, sizeof(header)))
    return false;
  body.resize(header.bodyBytes);
  return this->readAll(body.data(), body.size());
}

void Connection::send(Kind kind, std::uint32_t number, const std::vector<std::uint8_t> &body)
{
  const Header header{static_cast<std::uint32_t>(body.size()), number, kind};
  std::vector<std::uint8_t> message;
  message.reserve(sizeof(header) + body.size());
  append(message, header);
  message.insert(message.end(), body.begin(), body.end());
  const std::lock_guard<std::mutex> lock(this->sending_);
  for (std::size_t sent = 0; sent < message.size();)
  {
    const auto count = ::send(this->socket_, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (count <= 0)
      return;
    sent += static_cast<std::size_t>(count);
  }
}

void Connection::shut()
{
  ::shutdown(this->socket_, SHUT_RDWR);
}

bool Connection::readAll(void *to, std::size_t bytes)
{
  auto *at = static_cast<std::uint8_t *>(to);
  for (std::size_t done = 0; done < bytes;)
  {
    const auto count = ::recv(this->socket_, at + done, bytes - done, 0);
    if (count <= 0)
      return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}
}  // namespace jepa_mpc
