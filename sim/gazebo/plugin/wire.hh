// Messages between the plugin and the program that drives it, over a Unix socket. Both run on one machine, so numbers are in
// its byte order. Each message is a header and a body; sim/gazebo/jepa_mpc_gazebo/wire.py is the other end.
#ifndef JEPA_MPC_WIRE_HH_
#define JEPA_MPC_WIRE_HH_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace jepa_mpc
{
/// J is the number of joints; positions rad, velocities rad/s, efforts Nm, all doubles.
enum class Kind : std::uint8_t
{
  // Requests. All but SetPoint are answered by one State or Image with their number.
  SetPoint = 'V',  ///< velocities [J] for the servos from the next physics step on
  Step = 'S',      ///< velocities [J], then steps (uint32): simulates while paused
  Teleport = 'T',  ///< positions [J]: puts the joints at rest there, with set-points of zero
  Render = 'I',    ///< empty: the current image
  RenderAt = 'G',  ///< positions [J]: the image with the joints there
  Run = 'R',       ///< empty: starts Gazebo's own clock; states and images are then sent with number 0
  // Answers.
  State = 's',     ///< time in ns (int64), positions [J], velocities [J], efforts [J]
  Image = 'i',     ///< time in ns (int64), width and height (uint32), RGB rows
  Failure = 'f',   ///< text
};

#pragma pack(push, 1)
struct Header
{
  std::uint32_t bodyBytes;
  std::uint32_t number;
  Kind kind;
};
#pragma pack(pop)

/// One end of a connection. Sending is safe from several threads.
class Connection
{
public:
  /// Listens at `path` and waits until someone connects. Throws std::system_error.
  explicit Connection(const std::string &path);
  ~Connection();
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  /// Waits for a message. Returns false once the other end has closed.
  bool receive(Header &header, std::vector<std::uint8_t> &body);

  /// Sends a message. Does nothing once the other end has closed.
  void send(Kind kind, std::uint32_t number, const std::vector<std::uint8_t> &body);

  /// Makes a waiting `receive` return.
  void shut();

private:
  bool readAll(void *to, std::size_t bytes);

  int socket_ = -1;
  std::mutex sending_;
};

/// Appends the bytes of a value to a body.
template <typename T>
void append(std::vector<std::uint8_t> &body, const T &value)
{
  const auto *bytes = reinterpret_cast<const std::uint8_t *>(&value);
  body.insert(body.end(), bytes, bytes + sizeof(T));
}
}  // namespace jepa_mpc

#endif
